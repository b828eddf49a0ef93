-- Count bytes against a caller's budget, if it has room for them.
--
-- KEYS[1]  the hash of the bytes by path
-- ARGV[1]  the path
-- ARGV[2]  its bytes
-- ARGV[3]  the budget
-- ARGV[4]  a path that gives up its bytes for this one, or ''
-- Returns 1 and the bytes in use, or 0 and the bytes in use if there is no room.
local used = 0
local entries = redis.call('HGETALL', KEYS[1])
for at = 1, #entries, 2 do
  if entries[at] ~= ARGV[1] and entries[at] ~= ARGV[4] then
    used = used + entries[at + 1]
  end
end
if used + ARGV[2] > tonumber(ARGV[3]) then
  return { 0, used }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[4] ~= '' then
  redis.call('HDEL', KEYS[1], ARGV[4])
end
return { 1, used + ARGV[2] }
