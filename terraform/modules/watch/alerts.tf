locals {
  # From a line in a log: an incident begins with it, at once.
  lines = {
    violation = {
      title    = "Something that can't be has happened"
      filter   = "jsonPayload.alarm=true"
      severity = "CRITICAL"
      runbook  = "violation"
    }
    # Rights, identities and records of the platform itself: what a thief with a person's login does
    # first. The account of the deploying workflow changes rights at each deployment.
    rights = {
      title = "Somebody changed who may do what in the project"
      filter = join(" AND ", concat(
        [
          "log_id(\"cloudaudit.googleapis.com/activity\")",
          "protoPayload.methodName=~\"SetIamPolicy$|CreateServiceAccountKey$|CreateRole$|UpdateRole$\"",
        ],
        # No deployment makes a key for an account.
        [
          for account in var.deployers : join(" OR ", [
            "(protoPayload.authenticationInfo.principalEmail!=\"${account}\"",
            "protoPayload.methodName=~\"CreateServiceAccountKey$\")",
          ])
        ],
      ))
      severity = "WARNING"
      runbook  = "platform"
    }
    # The same account's grants to itself, to people and to other groups of people: what it deploys
    # needs none of them. And whatever reads data in its name, where no deny policy keeps it from that.
    workflow-grants = {
      title = "A workflow's account gave a right to itself or to people"
      filter = join(" AND ", [
        "log_id(\"cloudaudit.googleapis.com/activity\")",
        "protoPayload.authenticationInfo.principalEmail=(${local._workflows})",
        "protoPayload.serviceData.policyDelta.bindingDeltas.action=\"ADD\"",
        join("", [
          "protoPayload.serviceData.policyDelta.bindingDeltas.member=~",
          "\"^(user|group|domain|principal|principalSet|all\\w+|serviceAccount:paddock-)\"",
        ]),
      ])
      severity = "ERROR"
      runbook  = "platform"
    }
    workflow-reads = {
      title = "A workflow's account read data, or acted as another account"
      filter = join(" AND ", [
        "log_id(\"cloudaudit.googleapis.com/data_access\")",
        "protoPayload.authenticationInfo.principalEmail=(${local._workflows})",
        join(" OR ", [
          "(protoPayload.methodName=~\"(${local._reads})$\"",
          join(" AND ", [
            "(protoPayload.methodName=\"storage.objects.get\"",
            "NOT protoPayload.resourceName=~\"/buckets/[^/]*-paddock-(build|state)/\"))",
          ]),
        ]),
      ])
      severity = "ERROR"
      runbook  = "platform"
    }
    secret-reads = {
      title = "Somebody who isn't a function read a secret"
      filter = join(" AND ", [
        "protoPayload.serviceName=\"secretmanager.googleapis.com\"",
        "protoPayload.methodName=~\"AccessSecretVersion$\"",
        "NOT protoPayload.authenticationInfo.principalEmail=~\"^fn-[a-z0-9-]+@${var.project_id}[.]iam\"",
        "NOT protoPayload.authenticationInfo.principalEmail=~\"@serverless-robot-prod[.]iam\"",
      ])
      severity = "ERROR"
      runbook  = "platform"
    }
    operator-account = {
      title = "Somebody acted as the first operator's account"
      filter = join(" AND ", [
        "protoPayload.serviceName=\"iamcredentials.googleapis.com\"",
        "resource.labels.email_id=\"${var.operator_account}\"",
      ])
      severity = "WARNING"
      runbook  = "platform"
    }
    key-denials = {
      title = "Cloud KMS refused a use of a key"
      filter = join(" AND ", [
        "protoPayload.serviceName=\"cloudkms.googleapis.com\"",
        "protoPayload.status.code=7",
      ])
      severity = "ERROR"
      runbook  = "platform"
    }
    records = {
      title = "Somebody changed what is logged, or where it goes"
      filter = join(" AND ", [
        "log_id(\"cloudaudit.googleapis.com/activity\")",
        join(" OR ", [
          "(protoPayload.serviceName=\"logging.googleapis.com\"",
          "protoPayload.serviceData.policyDelta.auditConfigDeltas.action:*)",
        ]),
      ])
      severity = "ERROR"
      runbook  = "platform"
    }
    schedule = {
      title    = "The scheduler's call to maintenance failed"
      filter   = "resource.type=\"cloud_scheduler_job\" AND severity>=ERROR"
      severity = "ERROR"
      runbook  = "maintenance"
    }
  }

  _workflows = join(" OR ", [
    for account in concat(var.deployers, ["paddock-deploy@${var.project_id}.iam.gserviceaccount.com"]) :
    "\"${account}\""
  ])

  # Calls that read what owners stored, secrets and keys, or that act as another account. Reading the
  # settings of a database is another call, which each deployment makes.
  _reads = join("|", [
    "RunQuery", "RunAggregationQuery", "BatchGetDocuments", "GetDocument", "ListDocuments", "Listen",
    "Lookup", "PartitionQuery", "AccessSecretVersion", "[.]Decrypt", "GenerateAccessToken", "SignBlob",
    "SignJwt", "GenerateIdToken",
  ])

  # Each metric with what it is measured on, as a filter wants it.
  _of = merge(
    {
      for name, type in local.metric_types :
      name => "metric.type=\"${type}\" AND ${local._functions}"
    },
    { endings = "metric.type=\"${local.metric_types.endings}\" AND ${local._jobs}" },
  )
  _functions = "resource.type=\"cloud_run_revision\""
  _jobs      = "resource.type=\"cloud_run_job\""
  _ended     = local._of.endings
  _completed = join(" AND ", [
    "metric.type=\"run.googleapis.com/job/completed_execution_count\"", local._jobs,
  ])
  # What clients are answered: by the load balancer, or by the front that stands in its place.
  _requests = var.front == null ? join(" AND ", [
    "metric.type=\"loadbalancing.googleapis.com/https/request_count\"",
    "resource.type=\"https_lb_rule\"",
    ]) : join(" AND ", [
    "metric.type=\"run.googleapis.com/request_count\"",
    local._functions,
    "resource.labels.service_name=\"${var.front}\"",
  ])
  _failed_requests = join("", [
    local._requests,
    " AND metric.labels.response_code_class=",
    var.front == null ? "500" : "\"5xx\"",
  ])
  _quotas = join(" AND ", [
    "metric.type=\"serviceruntime.googleapis.com/quota/exceeded\"",
    "resource.type=\"consumer_quota\"",
  ])

  # Reasons (shared/protocol/runner.ts) that say which wall an execution ran into.
  _walls = format("monitoring.regex.full_match(\"%s\")", join("|", [
    "disk_quota",
    "file_size_limit",
    "memory_limit",
    "open_files_limit",
    "output_limit",
    "process_limit",
  ]))

  # From a minute's sum, as soon as that is known.
  sums = {
    refused-credentials = {
      title     = "A burst of refused credentials"
      filter    = local._of.refused-credentials
      above     = var.thresholds.refusals_per_minute
      severity  = "WARNING"
      runbook   = "refused-credentials"
      customers = false
    }
    new-networks = {
      title     = "Many keys are used from new networks"
      filter    = local._of.new-networks
      above     = var.thresholds.new_networks_per_minute
      severity  = "WARNING"
      runbook   = "new-networks"
      customers = false
    }
    incidents = {
      title     = "An incident was detected"
      filter    = local._of.incidents
      above     = 0
      severity  = "ERROR"
      runbook   = "incidents"
      customers = false
    }
    incident-deadlines = {
      title     = "The time to notify those affected by an incident runs out"
      filter    = local._of.incident-deadlines
      above     = 0
      severity  = "CRITICAL"
      runbook   = "incidents"
      customers = false
    }
    spending = {
      title     = "Many accounts reach their limits at once"
      filter    = local._of.budget-alerts
      above     = var.thresholds.budget_alerts_per_minute
      severity  = "WARNING"
      runbook   = "spending"
      customers = false
    }
    starts = {
      title     = "A burst of executions, near the platform's limit of starts"
      filter    = local._of.starts
      above     = var.thresholds.starts_per_minute
      severity  = "WARNING"
      runbook   = "spending"
      customers = false
    }
    isolation = {
      title     = "An execution was refused because a wall of the sandbox was missing"
      filter    = "${local._ended} AND metric.labels.reason=\"isolation_unavailable\""
      above     = 0
      severity  = "CRITICAL"
      runbook   = "isolation"
      customers = true
    }
    denials = {
      title     = "Many executions were stopped at a wall of the sandbox"
      filter    = "${local._ended} AND metric.labels.reason=${local._walls}"
      above     = var.thresholds.denials_per_minute
      severity  = "WARNING"
      runbook   = "denials"
      customers = false
    }
    runners = {
      title     = "Executions fail on our side"
      filter    = "${local._completed} AND metric.labels.result=\"failed\""
      above     = var.thresholds.failed_jobs_per_minute
      severity  = "ERROR"
      runbook   = "runners"
      customers = true
    }
    quotas = {
      title     = "A quota of Google's is exceeded"
      filter    = local._quotas
      above     = 0
      severity  = "ERROR"
      runbook   = "quotas"
      customers = false
    }
  }
}

resource "google_monitoring_alert_policy" "line" {
  for_each              = local.lines
  project               = var.project_id
  display_name          = each.value.title
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = each.value.title
    condition_matched_log {
      filter = each.value.filter
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    content = "What to do: ${var.runbook_url}#${each.value.runbook}"
  }
}

resource "google_monitoring_alert_policy" "sum" {
  for_each     = local.sums
  project      = var.project_id
  display_name = each.value.title
  combiner     = "OR"
  severity     = each.value.severity
  notification_channels = concat(
    local.channels, each.value.customers ? local.status_channels : []
  )
  user_labels = var.labels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.key == "quotas" ? "ALIGN_COUNT_TRUE" : "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    content = "What to do: ${var.runbook_url}#${each.value.runbook}"
  }

  depends_on = [google_logging_metric.default]
}
