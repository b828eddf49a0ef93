-- Hand a batch to the workers.
--
-- Requests that are not in the message are stored before this script, which would copy and hash
-- every byte of them.
--
-- KEYS[1]  the batch
-- KEYS[2]  the batch's holder
-- KEYS[3]  the queue of the pool
-- KEYS[4]  the pool's signs of life
-- KEYS[5]  what precedes the numbers of the requests that are not in the message
-- KEYS[6]  the queue of the wanted worker, if one is wanted
-- ARGV[1]  how long the batch is kept, in ms
-- ARGV[2]  the batch's message
-- ARGV[3]  '1' to store it even in a full Redis, for a batch that takes memory only briefly
-- ARGV[4]  the wanted worker; '' if any will do
-- ARGV[5]  the number of requests that are not in the message
-- ARGV[6+] these requests, if they are to be stored even in a full Redis
-- Returns 1, or 0 if the batch has been withdrawn. It then comes too late, by a connection that was
--          given up, and has been sent again.
local apart = tonumber(ARGV[5])
local function remove_requests()
  for number = 0, apart - 1 do
    redis.call('UNLINK', KEYS[5] .. number)
  end
end

if redis.call('EXISTS', KEYS[2]) == 1 then
  remove_requests()
  return 0
end
if #ARGV == 5 then
  for number = 0, apart - 1 do
    if redis.call('EXISTS', KEYS[5] .. number) == 0 then
      remove_requests()
      return redis.error_reply('OOM the requests could not be stored')
    end
  end
end
redis.replicate_commands()
if ARGV[3] == '1' then
  -- A full Redis refuses commands that take memory, unless the script has written before.
  redis.call('UNLINK', KEYS[1])
end
-- A batch is not written to the append-only file, which halves its traffic. If Redis restarts, the
-- server finds the batch gone and sends it again.
redis.set_repl(redis.REPL_NONE)
redis.call('RPUSH', KEYS[1], apart)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
for at = 6, #ARGV do
  redis.call('SET', KEYS[5] .. at - 6, ARGV[at], 'PX', ARGV[1])
end
local queue = KEYS[3]
-- A worker that has left no longer reads its queue.
if KEYS[6] and redis.call('ZSCORE', KEYS[4], ARGV[4]) then
  queue = KEYS[6]
end
redis.call('LPUSH', queue, ARGV[2])
return 1
