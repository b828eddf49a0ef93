-- Note how far a training is, and tell its holder whether to go on.
--
-- KEYS[1]  the training's hash
-- KEYS[2]  the stream of its events
-- ARGV[1]  the holder
-- ARGV[2]  an event of progress, or ''
-- ARGV[3]  the progress, if there is an event of it
-- then     for each epoch that has ended, in order: its number and its event
-- CONSTANTS has `events`, how many events are kept.
-- Returns 'go on', 'cancelled', or 'lost' if the training has another holder.
redis.replicate_commands()
local found = redis.call('HMGET', KEYS[1], 'holder', 'cancel', 'progress_event', 'told')
if found[1] ~= ARGV[1] then
  return 'lost'
end
local function tell(event)
  return redis.call('XADD', KEYS[2], 'MAXLEN', '~', CONSTANTS.events, '*', 'event', event)
end

-- An epoch that is computed again after its worker has died is told once.
local told = tonumber(found[4] or 0)
for at = 4, #ARGV, 2 do
  local epoch = tonumber(ARGV[at])
  if epoch > told then
    tell(ARGV[at + 1])
    redis.call('HSET', KEYS[1], 'told', epoch)
    told = epoch
  end
end
if ARGV[2] ~= '' then
  local id = tell(ARGV[2])
  redis.call('HSET', KEYS[1], 'progress', ARGV[3], 'progress_event', id)
  -- Only the latest progress is kept. The epochs tell the rest.
  if found[3] and found[3] ~= '' then
    redis.call('XDEL', KEYS[2], found[3])
  end
end
return found[2] == '1' and 'cancelled' or 'go on'
