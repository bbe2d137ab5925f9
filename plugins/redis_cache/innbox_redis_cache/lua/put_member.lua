-- Puts a member into a group. Each member carries its own end, by the server's clock, in front of its value:
-- ends of fields (HEXPIRE) are not known to every server, and the clocks of Innbox's processes may differ.
-- KEYS: the group. ARGV: the member, the value, the life in milliseconds.
local time = redis.call('TIME')
local ends = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', ends) .. ' ' .. ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
