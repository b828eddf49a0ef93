-- Reserve bytes of a caller's budget for a file that is being made, if there is room for them.
--
-- A reservation is an entry of its own until its file counts. One that is old belongs to a server
-- that died over it, and is removed.
--
-- KEYS[1]  the hash of the bytes by path
-- ARGV[1]  the path
-- ARGV[2]  its bytes
-- ARGV[3]  the budget
-- CONSTANTS has `prefix`, with which reservations begin, and `reserved_ms`, how long one holds.
-- Returns 1 or 0, whether there is room; the bytes in use; the reservation's name; and the paths of
-- reservations that were removed.
redis.replicate_commands()
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local used, lost = 0, {}
local entries = redis.call('HGETALL', KEYS[1])
for at = 1, #entries, 2 do
  local since, path = string.match(entries[at], '^' .. CONSTANTS.prefix .. '(%d+):(.*)$')
  if since and now_ms - since > CONSTANTS.reserved_ms then
    lost[#lost + 1] = path
    redis.call('HDEL', KEYS[1], entries[at])
  else
    used = used + entries[at + 1]
  end
end
if used + ARGV[2] > tonumber(ARGV[3]) then
  return { 0, used, '', lost }
end
local name = CONSTANTS.prefix .. string.format('%d', now_ms) .. ':' .. ARGV[1]
redis.call('HSET', KEYS[1], name, ARGV[2])
return { 1, used + ARGV[2], name, lost }
