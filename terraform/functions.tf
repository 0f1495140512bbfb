locals {
  # Without a server, notices reach owners by webhook and in GET /v1/incidents only.
  mail = var.mail == null ? {} : {
    PADDOCK_MAIL_SERVER = var.mail.server
    PADDOCK_MAIL_FROM   = var.mail.from
  }

  settings = {
    all = {
      PADDOCK_BUILD_COMMIT     = var.build.commit
      PADDOCK_BUILD_TIME       = var.build.time
      PADDOCK_BUILD_VERSION    = var.build.version
      PADDOCK_DEVELOPMENT_KEYS = var.development_keys ? "accepted" : "refused"
      PADDOCK_LIMITS           = jsonencode(var.limits)
      PADDOCK_MODELS           = jsonencode(var.models)
    }
    by_authentication = {
      first-operator = {
        PADDOCK_FIRST_OPERATOR    = local.first_operator
        PADDOCK_OPERATOR_AUDIENCE = local.audiences.operator
      }
      operator = {
        PADDOCK_OPERATOR_AUDIENCE = local.audiences.operator
      }
      public = merge(
        {
          PADDOCK_DOMAIN            = local.domain
          PADDOCK_SECURITY_CONTACTS = join(" ", local.security_contacts)
        },
        var.security.policy == null ? {} : { PADDOCK_SECURITY_POLICY = var.security.policy },
      )
      webhook = {
        PADDOCK_DOMAIN = local.domain
      }
      runner = {
        PADDOCK_GATEWAY_AUDIENCE = local.audiences.gateway
        PADDOCK_RUNNER_ACCOUNT   = module.runner.account
      }
      scheduler = merge(local.mail, {
        PADDOCK_MAINTENANCE_AUDIENCE = local.audiences.maintenance
        PADDOCK_SCHEDULER_ACCOUNT    = module.schedule.account
      })
    }
    by_role = {
      archive = {
        PADDOCK_ARCHIVE_BUCKET  = module.storage.archive_bucket
        PADDOCK_BILLING_ARCHIVE = "billing/${var.audit.log}"
      }
      checkpoints = {
        PADDOCK_AUDIT_LOG              = "${local.domain}/audit/${var.audit.log}"
        PADDOCK_AUDIT_WITNESSES        = jsonencode(var.audit.witnesses)
        PADDOCK_CHECKPOINT_BUCKET      = module.storage.checkpoint_bucket
        PADDOCK_CHECKPOINT_KEY_VERSION = tostring(var.audit.key_version)
      }
      exports = { PADDOCK_EXPORT_BUCKET = module.storage.export_bucket }
      kms = {
        PADDOCK_CERTIFICATE_KEY_VERSION = tostring(var.audit.certificate_key_version)
        PADDOCK_EVIDENCE_KEY_VERSION    = tostring(var.audit.evidence_key_version)
        PADDOCK_KMS_KEY_RING            = module.keys.ring
      }
      jobs = { PADDOCK_RUNNER_PROJECT = local.runner_project_id }
      logs = {
        PADDOCK_ACCESS_LOG_VIEW = "${module.logs.buckets.access}/views/${module.logs.views.access.name}"
      }
      objects = { PADDOCK_WORKSPACE_BUCKET = module.storage.workspace_bucket }
    }
  }
}

locals {
  # Functions that open what others may not: they reach Google's APIs, and one of them the providers
  # of models. A function that is added gets its way out from its roles alone.
  _egress_of = {
    for name, function in local.functions : name => (
      contains(function.roles, "secret.provider-keys") ? "providers" : "google"
      ) if var.closed_egress && anytrue([
        for role in function.roles : startswith(role, "kms.unwrap.") || role == "secret.provider-keys"
    ])
  }
  _provider_urls = merge(
    {
      anthropic = "https://api.anthropic.com"
      google    = "https://generativelanguage.googleapis.com"
      openai    = "https://api.openai.com"
    },
    {
      for name, provider in try(var.models.providers, {}) : name => provider.baseUrl
      if can(provider.baseUrl)
    },
    { for name, provider in try(var.models.compatible, {}) : "compatible/${name}" => provider.baseUrl },
  )
  # A name that nobody knows is refused by the output `settings`, which says which it is.
  _offered = [
    for name in concat(
      keys(try(var.models.providers, {})),
      [for name in keys(try(var.models.compatible, {})) : "compatible/${name}"],
    ) : name if contains(keys(local._provider_urls), name)
  ]
  provider_hosts = sort(distinct([
    for name in local._offered : regex("^https?://([^/:]+)", local._provider_urls[name])[0]
    if !endswith(regex("^https?://([^/:]+)", local._provider_urls[name])[0], ".googleapis.com")
  ]))
}

module "egress" {
  count          = var.closed_egress ? 1 : 0
  source         = "./modules/egress"
  project_id     = var.project_id
  region         = var.region
  cidrs          = var.functions_network
  provider_hosts = local.provider_hosts
  labels         = local.labels
}

module "functions" {
  source        = "./modules/functions"
  project_id    = var.project_id
  region        = var.region
  functions     = local.functions
  attested      = var.attestation
  deployer      = local.deployer
  image         = var.images.functions
  instances_min = var.instances_min
  settings      = local.settings
  labels        = local.labels

  fronts = local.is_trial ? {
    members  = { edge = module.front["front"].member, internal = module.front["gateways"].member }
    services = local.services
  } : null

  egress = {
    for name, class in local._egress_of : name => {
      network = module.egress[0].network
      subnet  = module.egress[0].subnets[class]
    }
  }

  buckets = {
    archive     = module.storage.archive_bucket
    checkpoints = module.storage.checkpoint_bucket
    exports     = module.storage.export_bucket
    workspaces  = module.storage.workspace_bucket
  }
  databases         = module.database.names
  runner_project_id = local.runner_project_id
  jobs              = module.runner.jobs
  keys              = module.keys.ids
  log_views         = module.logs.views
  secrets           = module.secrets.secrets
}

module "schedule" {
  source     = "./modules/schedule"
  project_id = var.project_id
  region     = var.region
  functions  = local.scheduled_functions
  deployer   = local.deployer
  audience   = local.audiences.maintenance
  uris       = module.functions.uris
}
