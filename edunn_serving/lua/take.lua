-- Note the holder of a batch, and load what the batch needs of its sessions and the worker lacks.
--
-- KEYS[1]  the batch
-- KEYS[2]  its holder
-- KEYS[3+] the sessions' hashes
-- ARGV[1]  the worker's id
-- ARGV[2]  JSON: for each session the `revision` that the worker has, and in `layers` for each
--          layer its `name`, the `versions` of its slots that the worker has ('' for a slot that it
--          does not need), the names of the wanted `contexts`, if any, and whether the `latest`
--          forward's context is wanted. Versions count only with the same revision, because another
--          session of the same name has others.
-- CONSTANTS has the names of the `slots`, and `holder_ms`, how long the holder is kept.
-- Returns the time in ms, 1 if the batch exists else 0, then for each session nil if there is none,
--          else { revision, record, whether it has contexts, whether it has forgotten any, its
--          journal, and for each layer { count, latest forward, last batch, latest context, the
--          contexts, versions, arrays } }. A value is nil if it is missing, not wanted, or known to
--          the worker.
local sessions = cjson.decode(ARGV[2])

local exists = redis.call('EXISTS', KEYS[1])
if exists == 1 then
  redis.replicate_commands()
  redis.set_repl(redis.REPL_NONE)
  -- A full Redis refuses the note, and the batch may then be run twice. That is better than not
  -- running it, because its answer frees memory.
  redis.pcall('SET', KEYS[2], ARGV[1], 'PX', CONSTANTS.holder_ms)
  redis.set_repl(redis.REPL_ALL)
end

-- The fields that are read of every session and of every layer, in this order.
local SESSION_FIELDS, LAYER_FIELDS = 4, 3
local NONE = {}
local slots = #CONSTANTS.slots

local function fields_of(layers)
  local fields = { FIELDS.revision, FIELDS.context_bytes, FIELDS.forgotten, FIELDS.journal }
  for _, layer in ipairs(layers) do
    local name = layer.name
    fields[#fields + 1] = FIELDS.count .. name
    fields[#fields + 1] = FIELDS.latest .. name
    fields[#fields + 1] = FIELDS.last_batch .. name
    for _, slot in ipairs(CONSTANTS.slots) do
      fields[#fields + 1] = FIELDS.version .. slot .. '/' .. name
    end
    for _, forward_id in ipairs(layer.contexts or NONE) do
      fields[#fields + 1] = FIELDS.context .. name .. '/' .. forward_id
    end
  end
  return fields
end

local function slice(values, first, count)
  local part = {}
  for at = 1, count do
    part[at] = values[first + at - 1]
  end
  return part
end

local function load_layer(key, known, layer, values, first)
  local count, latest, last_batch = values[first], values[first + 1], values[first + 2]
  local first_version = first + LAYER_FIELDS
  local versions = slice(values, first_version, slots)
  local contexts = slice(values, first_version + slots, #(layer.contexts or NONE))
  local arrays = {}
  for at, slot in ipairs(CONSTANTS.slots) do
    local has_it = known and (versions[at] or '0') == layer.versions[at]
    local needs_it = not has_it and layer.versions[at] ~= ''
    arrays[at] = needs_it and redis.call('HGET', key, slot .. '/' .. layer.name)
  end
  local latest_context = layer.latest and latest
    and redis.call('HGET', key, FIELDS.context .. layer.name .. '/' .. latest)
  return { count, latest, last_batch, latest_context or false, contexts, versions, arrays }
end

local function load_session(key, session)
  local values = redis.call('HMGET', key, unpack(fields_of(session.layers)))
  local revision, context_bytes, forgotten, journal = unpack(values, 1, SESSION_FIELDS)
  if not revision then
    return false
  end
  local known = revision == session.revision
  local record = not known and redis.call('HGET', key, FIELDS.record)
  local loaded = { revision, record, context_bytes and 1 or 0, forgotten and 1 or 0, journal }
  local first = SESSION_FIELDS + 1
  for _, layer in ipairs(session.layers) do
    loaded[#loaded + 1] = load_layer(key, known, layer, values, first)
    first = first + LAYER_FIELDS + slots + #(layer.contexts or NONE)
  end
  return loaded
end

local now = redis.call('TIME')
local answer = { now[1] * 1000 + math.floor(now[2] / 1000), exists }
for at, session in ipairs(sessions) do
  answer[at + 2] = load_session(KEYS[at + 2], session)
end
return answer
