-- Evict some more contexts of a session.
--
-- KEYS  its hash, its context order, its evicted contexts
-- ARGV  how long the session is kept, in ms
-- Returns 1 if there are more to evict, else 0.
redis.replicate_commands()
local more = evict(KEYS[1], KEYS[2], KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[1])
return more and 1 or 0
