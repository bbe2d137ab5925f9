-- Returns a group's living members as a flat list (member, value, member, value ...) and drops those that ended.
-- KEYS: the group.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('HGETALL', KEYS[1])
local living = {}
for at = 1, #found, 2 do
  local space = string.find(found[at + 1], ' ', 1, true)
  if tonumber(string.sub(found[at + 1], 1, space - 1)) > now then
    living[#living + 1] = found[at]
    living[#living + 1] = string.sub(found[at + 1], space + 1)
  else
    redis.call('HDEL', KEYS[1], found[at])
  end
end
return living
