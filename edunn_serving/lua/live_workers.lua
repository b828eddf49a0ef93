-- List the workers that have given a sign of life lately, and forget the others.
--
-- KEYS[1]  the sorted set of workers
-- ARGV[1]  after how many seconds of silence a worker counts as dead
local now = redis.call('TIME')
local oldest = now[1] + now[2] / 1000000 - ARGV[1]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.6f', oldest))
return redis.call('ZRANGE', KEYS[1], 0, -1)
