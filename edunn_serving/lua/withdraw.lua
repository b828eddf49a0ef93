-- Take back a batch that seems lost, unless it has been answered.
--
-- KEYS[1]  the batch
-- KEYS[2]  its holder
-- KEYS[3]  the reply stream of the server that sent it
-- KEYS[4]  what precedes the numbers of its requests that are not in its message
-- ARGV[1]  the batch's id
-- ARGV[2]  the id of the last reply that the server has read
-- ARGV[3]  how long the batch could still come, in ms
-- Returns 1 if the batch is taken back: no worker can answer it any more.
--         0 if its reply is in the stream.
for _, entry in ipairs(redis.call('XRANGE', KEYS[3], '(' .. ARGV[2], '+')) do
  if entry[2][1] == ARGV[1] then
    return 0
  end
end
for number = 0, tonumber(redis.call('LINDEX', KEYS[1], 0) or 0) - 1 do
  redis.call('UNLINK', KEYS[4] .. number)
end
redis.call('UNLINK', KEYS[1], KEYS[2])
-- The batch may still be on its way here. This value makes send.lua refuse it.
redis.call('SET', KEYS[2], '', 'PX', ARGV[3])
return 1
