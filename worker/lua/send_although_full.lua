-- Hand a batch to the workers although Redis has no memory left: it will make room.
--
-- KEYS[1]  the batch
-- KEYS[2]  the workers' queue
-- ARGV[1]  the batch's bytes
-- ARGV[2]  how long it may wait, in ms
-- ARGV[3]  the task message

-- A full Redis refuses what takes memory, unless the script has written before.
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], 'payload', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('LPUSH', KEYS[2], ARGV[3])
