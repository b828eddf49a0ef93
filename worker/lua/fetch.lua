-- Give a worker the batch it was told of, and note who has it.
--
-- KEYS[1]  the batch
-- ARGV[1]  the worker's id
-- Returns the payload, or nil where the batch is answered already or has expired.
local payload = redis.call('HGET', KEYS[1], 'payload')
if payload then
  -- Where Redis has no memory left the note is missing, and the batch may be run twice. That is
  -- better than not at all: answering it makes room.
  redis.pcall('HSET', KEYS[1], 'worker', ARGV[1])
end
return payload
