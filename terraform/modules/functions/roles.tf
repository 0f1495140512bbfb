locals {
  # The one place that says what a role of the code is in Google Cloud, on what, and why.
  roles = jsondecode(file("${path.module}/role-grants.json"))

  _targets = {
    # Each function's own account.
    account  = { self = "self" }
    bucket   = var.buckets
    database = var.databases
    jobs     = { jobs = join(",", var.jobs) }
    key      = var.keys
    secret   = { for name, secret in var.secrets : name => secret.name }
    view     = { for name, view in var.log_views : name => view.name }
  }

  # `kms.wrap.audit-details` is `kms.wrap.*` on `audit-details`, unless it has a line of its own.
  _declared = flatten([
    for name, function in var.functions : [
      for role in function.roles : {
        function = name
        pattern  = contains(keys(local.roles), role) ? role : replace(role, "/[^.]+$/", "*")
        role     = role
      }
    ]
  ])

  _resolved = [
    for declared in local._declared : {
      function = declared.function
      role     = declared.role
      known    = contains(keys(local.roles), declared.pattern)
      on       = try(local.roles[declared.pattern].on, "nothing")
      name = try(
        local.roles[declared.pattern].name,
        try(local.roles[declared.pattern].on, "") == "jobs" ? "jobs" : (
          reverse(split(".", declared.role))[0]
        ),
      )
      prefix = try(local.roles[declared.pattern].prefix, "")
      lists  = try(local.roles[declared.pattern].lists, false)
      reason = try(local.roles[declared.pattern].reason, "")
      roles  = try(local.roles[declared.pattern].roles, [])
    }
  ]

  unknown = {
    for name in keys(var.functions) : name => [
      for declared in local._resolved : declared.role
      if declared.function == name
      && !contains(keys(lookup(local._targets, declared.on, {})), declared.name)
    ]
  }

  _grants = flatten([
    for declared in local._resolved : [
      for role in declared.roles : {
        function = declared.function
        member   = "serviceAccount:${local.emails[declared.function]}"
        name     = declared.name
        on       = declared.on
        prefix   = declared.prefix
        lists    = declared.lists
        reason   = declared.reason
        role     = startswith(role, "roles/") ? role : local.custom_roles[role]
      }
      if contains(keys(lookup(local._targets, declared.on, {})), declared.name)
    ]
  ])

  grants = {
    for on in keys(local._targets) : on => {
      for grant in local._grants :
      "${grant.function}/${grant.name}/${reverse(split("/", grant.role))[0]}" => grant
      if grant.on == on
    }
  }

  # Listing is asked of the bucket itself, so only the second part of the condition allows it.
  _bucket_grants = [
    for grant in values(local.grants.bucket) : merge(grant, {
      title = grant.lists ? "objects and their list" : "objects alone"
      expression = join(" || ", concat(
        [format(
          "resource.name.startsWith(\"projects/_/buckets/%s/objects/%s\")",
          var.buckets[grant.name],
          grant.prefix,
        )],
        grant.lists ? [format(
          "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"%s\")",
          grant.prefix,
        )] : [],
      ))
    })
  ]

  bucket_bindings = {
    for bucket in keys(var.buckets) : bucket => [
      for grants in values({
        for grant in local._bucket_grants :
        "${grant.role}/${grant.title}/${grant.reason}" => grant... if grant.name == bucket
        }) : {
        role    = grants[0].role
        members = sort(grants[*].member)
        condition = {
          title       = grants[0].title
          description = grants[0].reason
          expression  = grants[0].expression
        }
      }
    ]
  }

  job_grants = merge([
    for key, grant in local.grants.jobs : {
      for job in var.jobs : "${key}/${job}" => merge(grant, { job = job })
    }
  ]...)

  # Both are about executions. Made by the bootstrap root, in the project of the jobs: an account that may change a role could put anything into it.
  custom_roles = {
    for name in ["executionReader", "executionStopper"] :
    name => "projects/${local.runner_project_id}/roles/${name}"
  }

  runner_project_id = coalesce(var.runner_project_id, var.project_id)
}
