locals {
  # Known before anything exists, so that a plan shows who gets what.
  emails = {
    for name in keys(var.functions) :
    name => "fn-${name}@${var.project_id}.iam.gserviceaccount.com"
  }

  _authentications = {
    for name, function in var.functions :
    name => distinct(function.routes[*].authenticate)
  }

  # Scheduler calls a function at its own address; every other one is behind a load balancer.
  scheduled = {
    for name, function in var.functions :
    name => contains(local._authentications[name], "scheduler")
  }

  # Where no balancer stands before functions, a front calls them at their own addresses.
  fronted = {
    for name, function in var.functions : name => function.visibility
    if var.fronts != null && !local.scheduled[name]
  }
  addresses = {
    for name in keys(local.fronted) : name => replace(var.fronts.services, "{function}", name)
  }

  _secrets = {
    for name, function in var.functions : name => {
      for secret, mounted in var.secrets : secret => mounted
      if contains(function.roles, "secret.${secret}")
    }
  }

  _environment = {
    for name, function in var.functions : name => merge(
      var.settings.all,
      merge([
        for authentication in local._authentications[name] :
        lookup(var.settings.by_authentication, authentication, {})
      ]...),
      merge([
        for role in function.roles : lookup(var.settings.by_role, split(".", role)[0], {})
      ]...),
      {
        for secret in keys(local._secrets[name]) :
        "PADDOCK_${upper(replace(secret, "-", "_"))}_FILE" => "/secrets/${secret}/value.json"
      },
      function.malloc,
      {
        FUNCTION_TARGET      = name
        GOOGLE_CLOUD_PROJECT = var.project_id
        NODE_OPTIONS         = function.nodeOptions
        PADDOCK_REGION       = var.region
        # It listens once it reaches this, which Google says may take a minute and more.
        PADDOCK_AWAIT_EGRESS = contains(keys(var.egress), name) ? "firestore.googleapis.com:443" : ""
        # Google's load balancers append the client's address and their own, and before a function
        # behind a front, that of the front. What comes straight from Scheduler has the client's alone.
        PADDOCK_TRUSTED_HOPS = local.scheduled[name] ? "0" : "1"
      },
    )
  }
}

resource "google_cloud_run_v2_service" "default" {
  for_each    = var.functions
  project     = var.project_id
  location    = var.region
  name        = each.key
  description = each.value.summary
  labels      = var.labels
  # A service holds no state. The provider taints one whose first revision failed
  # (`taint_resource_on_failed_create` in its source), and protection, which is on by default, would
  # then refuse the replacement at every apply.
  deletion_protection = false
  ingress = contains(keys(local.fronted), each.key) ? "INGRESS_TRAFFIC_ALL" : (
    each.value.visibility == "edge"
    ? "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  )
  default_uri_disabled = !local.scheduled[each.key] && !contains(keys(local.fronted), each.key)
  # The platform would take the signature off the token that the function checks itself. A front shows
  # its own token in a header of the platform's, which leaves the function's alone.
  invoker_iam_disabled = !contains(keys(local.fronted), each.key)
  custom_audiences     = contains(keys(local.fronted), each.key) ? [local.addresses[each.key]] : null

  dynamic "binary_authorization" {
    for_each = var.attested ? [true] : []

    content {
      use_default = true
    }
  }

  template {
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = each.value.limits.concurrency
    service_account                  = local.emails[each.key]
    timeout                          = "${each.value.limits.timeoutSeconds}s"

    scaling {
      max_instance_count = each.value.limits.instancesMax
      min_instance_count = lookup(var.instances_min, each.key, 0)
    }

    dynamic "vpc_access" {
      for_each = contains(keys(var.egress), each.key) ? [var.egress[each.key]] : []

      content {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = vpc_access.value.network
          subnetwork = vpc_access.value.subnet
        }
      }
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        cpu_idle          = true
        startup_cpu_boost = true
        limits = {
          cpu    = each.value.limits.memoryMib > 4096 ? "2" : "1"
          memory = "${each.value.limits.memoryMib}Mi"
        }
      }

      startup_probe {
        failure_threshold = contains(keys(var.egress), each.key) ? 200 : 60
        period_seconds    = 1
        timeout_seconds   = 1

        # It listens once its secrets and limits are read.
        tcp_socket {
          port = 8080
        }
      }

      dynamic "env" {
        for_each = local._environment[each.key]

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "volume_mounts" {
        for_each = local._secrets[each.key]

        content {
          mount_path = "/secrets/${volume_mounts.key}"
          name       = volume_mounts.key
        }
      }
    }

    dynamic "volumes" {
      for_each = local._secrets[each.key]

      content {
        name = volumes.key

        secret {
          default_mode = 292 # 0444
          secret       = volumes.value.name

          items {
            path    = "value.json"
            version = volumes.value.version
          }
        }
      }
    }
  }

  # Grants take a while until they count: a function comes last, once it may do all of its work.
  depends_on = [
    google_cloud_run_v2_job_iam_member.default,
    google_kms_crypto_key_iam_member.default,
    google_logging_log_view_iam_member.default,
    google_project_iam_member.default,
    google_secret_manager_secret_iam_member.default,
    google_service_account.default,
    google_service_account_iam_member.deployer,
    google_service_account_iam_member.signer,
    google_storage_bucket_iam_policy.default,
  ]
}
