-- Return the time in ms and the workers that have given a sign of life lately. Remove the others.
--
-- KEYS[1]  the sorted set of workers
-- ARGV[1]  the seconds of silence after which a worker counts as dead
local now = redis.call('TIME')
local oldest = now[1] + now[2] / 1000000 - ARGV[1]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.6f', oldest))
return { now[1] * 1000 + math.floor(now[2] / 1000), redis.call('ZRANGE', KEYS[1], 0, -1) }
