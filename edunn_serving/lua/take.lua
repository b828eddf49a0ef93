-- Note who has a batch, and load what it needs of its sessions but what the worker has already.
--
-- KEYS[1]  the batch
-- KEYS[2]  its holder
-- KEYS[3+] the sessions' hashes
-- ARGV[1]  the worker's id
-- ARGV[2]  how long the holder is kept, in ms
-- ARGV[3+] for each session:
--          the revision of the record that the worker has, and the record's field;
--          the number of fields to return, and these: first the revision, then for each layer its
--          parameters' version, its buffers' version and its latest forward, then any others;
--          the number of layers, and for each the versions of parameters and buffers that the
--          worker has, the fields of parameters and buffers, and what stands before a forward's id
--          in the field of its context, or '' where the latest forward's context is not wanted.
--          Versions count only beside the known revision: another session of the same name has
--          others.
-- Returns the time in ms, then for each session nil where there is none, else { values of the fields,
--          record, and for each layer parameters, buffers, latest context }, nil for what is not
--          there or known.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.replicate_commands()
  redis.set_repl(redis.REPL_NONE)
  -- Where Redis has no memory left the note is missing, and the batch may be run twice. That is
  -- better than not at all: answering it makes room. A Redis that takes no writes at all takes no
  -- answer either, so the batch is not run.
  local noted = redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  redis.set_repl(redis.REPL_ALL)
  if noted.err and not string.find(noted.err, 'OOM', 1, true) then
    return noted
  end
end

local function unless(known, key, field)
  return not known and redis.call('HGET', key, field)
end

local now = redis.call('TIME')
local sessions = { now[1] * 1000 + math.floor(now[2] / 1000) }
local at = 2
for number = 3, #KEYS do
  local key = KEYS[number]
  local known_revision, record_field, fields = ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  at = at + 3
  local values = redis.call('HMGET', key, unpack(ARGV, at + 1, at + fields))
  at = at + fields
  local layers = tonumber(ARGV[at + 1])
  at = at + 1
  if values[1] then
    local known = values[1] == known_revision
    local session = { values, unless(known, key, record_field) }
    for layer = 1, layers do
      local parameters_version = values[3 * layer - 1] or '0'
      local buffers_version = values[3 * layer] or '0'
      local latest, prefix = values[3 * layer + 1], ARGV[at + 5]
      session[3 * layer] = unless(known and parameters_version == ARGV[at + 1], key, ARGV[at + 3])
      session[3 * layer + 1] = unless(known and buffers_version == ARGV[at + 2], key, ARGV[at + 4])
      session[3 * layer + 2] = prefix ~= '' and latest and redis.call('HGET', key, prefix .. latest)
      at = at + 5
    end
    sessions[#sessions + 1] = session
  else
    sessions[#sessions + 1] = false
    at = at + 5 * layers
  end
end
return sessions
