-- 点单 and 查单 by turns. Arguments: a resident's token, a page.
local count = 0

function init(args)
  headers = { ["Authorization"] = "Bearer " .. args[1], ["Content-Type"] = "application/json" }
  page = args[2]
end

function request()
  count = count + 1
  if count % 2 == 0 then
    return wrk.format("GET", page, headers)
  end
  local body = '{"content": "北门的路灯不亮", "place": {"code": "532504001007"}, "severity": "small"}'
  return wrk.format("POST", "/api/v1/tickets", headers, body)
end
