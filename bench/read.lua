-- 查单: one ticket, or one page, again and again.
function init(args)
  headers = { ["Authorization"] = "Bearer " .. args[1] }
  path = args[2]
end

function request()
  return wrk.format("GET", path, headers)
end
