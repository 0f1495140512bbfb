locals {
  # A path without its version, in the patterns of the functions' router and of URL maps.
  _paths = distinct(flatten([
    for name, function in var.functions : [
      for route in function.routes : [
        for path in route.paths : {
          base     = startswith(path, "/v1/") ? substr(path, 3, -1) : path
          function = name
          template = join("/", [
            for part in split("/", path) : startswith(part, ":") ? "*" : part == "*" ? "**" : part
          ])
        }
      ]
    ]
  ]))

  _owners = {
    for path in local._paths : split("/", path.base)[1] => path.function...
  }

  # What lies below one function alone is routed as a whole, so that its own 404s and 405s answer.
  whole = {
    for segment, owners in local._owners : segment => owners[0]
    if length(distinct(owners)) == 1 && can(regex("^[A-Za-z0-9._-]+$", segment))
  }

  # Elsewhere each path has a rule. The first that matches counts, so they are sorted as the
  # functions' router prefers them: at each part a word before a parameter before the rest.
  _shared = {
    for path in local._paths : format("%s %s",
      join("/", [
        for part in split("/", path.base) : startswith(part, ":") ? 1 : part == "*" ? 2 : 0
      ]),
      trimprefix(path.template, "/v1"),
    ) => path...
    if !contains(keys(local.whole), split("/", path.base)[1])
  }

  _shared_rules = [
    for key in sort(keys(local._shared)) : {
      function = local._shared[key][0].function
      matches = [
        for template in sort(distinct(local._shared[key][*].template)) : {
          full     = strcontains(template, "*") ? null : template
          prefix   = null
          template = strcontains(template, "*") ? template : null
        }
      ]
    }
  ]

  _whole_rules = [
    for name in sort(distinct(values(local.whole))) : {
      function = name
      matches = flatten([
        for segment, owner in local.whole : [
          for root in ["/v1/${segment}", "/${segment}"] : [
            { full = root, prefix = null, template = null },
            { full = null, prefix = "${root}/", template = null },
          ]
        ] if owner == name
      ])
    }
  ]

  rules = concat(local._shared_rules, local._whole_rules)

  disputed = [
    for key, paths in local._shared : paths[0].template
    if length(distinct(paths[*].function)) > 1
  ]
  too_long = [
    for path in local._paths : path.template
    if length(path.template) > 255 || length(regexall("\\*+", path.template)) > 5
  ]
}
