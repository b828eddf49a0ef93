-- Note a worker's sign of life by Redis's own clock, which all machines share.
--
-- KEYS[1]  the sorted set of workers
-- ARGV[1]  the worker's id
-- ARGV[2]  '1' while it works, '0' when it leaves

-- A full Redis refuses ZADD unless the script has written before. Without this ZREM a full Redis
-- would lose its workers, and callers would get the wrong error.
local removed = redis.call('ZREM', KEYS[1], ARGV[1])
if ARGV[2] == '0' then
  return removed
end
local now = redis.call('TIME')
return redis.call('ZADD', KEYS[1], now[1] + now[2] / 1000000, ARGV[1])
