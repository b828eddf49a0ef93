-- Keep the sum of what each caller's sessions take, for commit.lua. The limits of callers need it.
--
-- A session's part is the bytes of its arrays and records, and those of its contexts in whole steps,
-- so that most forwards need not touch the sum.
-- CONSTANTS.accounts has the `step`; what precedes a caller's name in the key of the sum, `state`,
-- and in that of its `sessions`; the bytes from which a value counts, `smallest`; and `kept_ms`, how
-- long both keys are kept.
local ACCOUNTS = CONSTANTS.accounts

-- A user of Redis that may not do this still gets its batch answered, because a script must not stop
-- half-way.
local function try(...)
  local answer = redis.pcall(...)
  return not (type(answer) == 'table' and answer.err) and answer or nil
end

local function owner_of(key)
  return string.match(key, '{([^/]*)/(.*)}')
end

local function note_bytes(key, bytes)
  local caller, id = owner_of(key)
  local sums = ACCOUNTS.state .. caller
  local before = tonumber(try('HGET', sums, id) or 0)
  if bytes ~= before then
    try('HSET', sums, id, bytes)
    try('HINCRBY', sums, '', bytes - before)
    try('PEXPIRE', sums, ACCOUNTS.kept_ms)
  end
end

local function note_created(key, ttl_ms)
  local caller, id = owner_of(key)
  local now = redis.call('TIME')
  local expires_ms = now[1] * 1000 + math.floor(now[2] / 1000) + ttl_ms
  try('ZADD', ACCOUNTS.sessions .. caller, expires_ms, id)
  try('PEXPIRE', ACCOUNTS.sessions .. caller, ACCOUNTS.kept_ms)
end

local function note_deleted(key)
  local caller, id = owner_of(key)
  try('ZREM', ACCOUNTS.sessions .. caller, id)
  note_bytes(key, 0)
  try('HDEL', ACCOUNTS.state .. caller, id)
end

-- Return by how much the arrays and records of a session grow, before its values are set.
local function growth(key, first, count)
  local bytes = 0
  for at = first, first + 2 * count - 1, 2 do
    local field, value = ARGV[at], ARGV[at + 1]
    if #value >= ACCOUNTS.smallest and string.sub(field, 1, #FIELDS.context) ~= FIELDS.context then
      bytes = bytes + #value - (try('HSTRLEN', key, field) or 0)
    end
  end
  return bytes
end

-- Note what a session takes now. `grown` is by how much its arrays and records have grown.
local function note_session(key, grown)
  local contexts = tonumber(try('HGET', key, FIELDS.context_bytes) or 0)
  local others = try('HINCRBY', key, FIELDS.slot_bytes, grown) or 0
  note_bytes(key, others + contexts - contexts % ACCOUNTS.step)
end
