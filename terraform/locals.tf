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

  # The one choice of a location in the words of each service.
  locations = {
    buckets   = upper(var.location)
    databases = var.location == "US" ? "nam5" : var.location
    keys      = lower(var.location)
    logs      = lower(var.location)
  }

  url            = "https://${var.domain}"
  gateway_domain = "gateway.${var.domain}"

  # None of them is an address of Cloud Run, which would take the signature off a token for one.
  audiences = {
    gateway     = "https://${local.gateway_domain}"
    maintenance = "https://maintenance.${var.domain}"
    operator    = coalesce(var.operator_audience, local.url)
  }

  security_contacts = (
    var.security.contacts == null
    ? [for email in var.alerts.emails : "mailto:${email}"]
    : var.security.contacts
  )

  labels = merge({ application = "paddock" }, var.labels)
}
