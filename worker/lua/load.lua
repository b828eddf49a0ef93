-- Load what a batch needs of its sessions, leaving out what the worker has already.
--
-- KEYS  the sessions' hashes
-- ARGV  for each session: the revision of the record that the worker has;
--       the number of layers, and for each its name and the versions of parameters and buffers that
--       the worker has; the number of contexts, and for each its layer and forward id ('' for the
--       layer's latest).
--       Versions count only beside the known revision: another session of the same name has others.
-- Returns for each session nil where there is none, else { commits, revision, record,
--       { for each layer: parameters version, parameters, buffers version, buffers, count, latest },
--       { for each context: forward id, context } }, with nil for what is not there or known.
local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end

local function unless(known, key, field)
  if known then
    return false
  end
  return redis.call('HGET', key, field)
end

local sessions = {}
for number, key in ipairs(KEYS) do
  local known_revision = take()
  local head = redis.call('HMGET', key, COMMITS, REVISION)
  local known = head[2] == known_revision
  local record = unless(known, key, RECORD)

  local layers = {}
  for _ = 1, tonumber(take()) do
    local layer, known_parameters, known_buffers = take(), take(), take()
    local found = redis.call('HMGET', key, parameters_version(layer), buffers_version(layer),
      count(layer), latest(layer))
    layers[#layers + 1] = {
      found[1], unless(known and (found[1] or '0') == known_parameters, key, parameters(layer)),
      found[2], unless(known and (found[2] or '0') == known_buffers, key, buffers(layer)),
      found[3], found[4],
    }
  end

  local contexts = {}
  for _ = 1, tonumber(take()) do
    local layer, forward_id = take(), take()
    if forward_id == '' then
      forward_id = redis.call('HGET', key, latest(layer)) or ''
    end
    contexts[#contexts + 1] = { forward_id, redis.call('HGET', key, context(layer, forward_id)) }
  end

  if head[2] then
    sessions[number] = { head[1], head[2], record, layers, contexts }
  else
    sessions[number] = false
  end
end
return sessions
