locals {
  # What the code declares about itself. A function that is added later is deployed from this alone.
  functions = {
    for name, function in jsondecode(file(var.functions_file)).functions : name => merge(function, {
      limits = merge(function.limits, {
        instancesMax = min(function.limits.instancesMax, coalesce(var.instances_max, 1000))
      })
    })
  }
  runner = jsondecode(file(var.runner_file))

  # How long what is kept, generated from the table in the code.
  retention = jsondecode(file("${path.module}/retention.json"))

  edge_functions = {
    for name, function in local.functions : name => function if function.visibility == "edge"
  }
  scheduled_functions = {
    for name, function in local.functions : name => function
    if contains(function.routes[*].authenticate, "scheduler")
  }
  # Whatever else is internal is there for runners.
  gateway_functions = {
    for name, function in local.functions : name => function
    if function.visibility == "internal" && !contains(keys(local.scheduled_functions), name)
  }

  # Names under `limits` and `models` that the code doesn't know: a type of object would drop them.
  # The output `settings` refuses them; a variable's own validation can't use what is made of it.
  _setting_names = jsondecode(file("${path.module}/setting-names.json"))
  _stated_limits = flatten([
    for name, inner in var.limits : [
      name,
      [
        for second in try(keys(inner), []) : [
          "${name}.${second}",
          [for third in try(keys(inner[second]), []) : "${name}.${second}.${third}"],
        ]
      ],
    ]
  ])
  # What is below these has names of one's own.
  _own_names = ["aliases", "compatible"]
  _stated_models = flatten([
    for name, inner in var.models : [
      name,
      [
        for second in try(keys(inner), []) : [
          contains(local._own_names, name) ? "${name}.*" : "${name}.${second}",
          [
            for third in try(keys(inner[second]), []) :
            contains(local._own_names, name) ? "${name}.*.${third}" : "${name}.${second}.${third}"
          ],
        ]
      ],
    ]
  ])
  unknown_limits = setsubtract(local._stated_limits, local._setting_names.limits)
  unknown_models = setsubtract(local._stated_models, local._setting_names.models)

  # The one choice of a location in the words of each service.
  locations = {
    buckets   = upper(var.location)
    databases = var.location == "US" ? "nam5" : var.location
    keys      = lower(var.location)
    logs      = lower(var.location)
  }

  # Where no load balancer is, services have the addresses that Cloud Run makes of name and number.
  is_trial  = var.profile == "trial"
  _run_host = "{function}-${coalesce(var.project_number, "0")}.${var.region}.run.app"
  services  = "https://${local._run_host}"
  domain    = local.is_trial ? replace(local._run_host, "{function}", "front") : var.domain

  url = "https://${local.domain}"
  gateway_domain = (
    local.is_trial ? replace(local._run_host, "{function}", "gateways") : "gateway.${var.domain}"
  )

  # None of them is an address of Cloud Run, which would take the signature off a token for one.
  _audience_domain = local.is_trial ? "${var.project_id}.paddock.internal" : var.domain
  audiences = {
    gateway     = "https://gateway.${local._audience_domain}"
    maintenance = "https://maintenance.${local._audience_domain}"
    operator    = coalesce(var.operator_audience, "https://${local._audience_domain}")
  }

  security_contacts = (
    var.security.contacts == null
    ? [for email in var.alerts.emails : "mailto:${email}"]
    : var.security.contacts
  )

  labels = merge({ application = "paddock" }, var.labels)
}
