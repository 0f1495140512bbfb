# Every role that an account of this root holds, and why. A table, not a list of resources: it is
# printed as it stands (output `accounts`), and a test holds it against what may be here.
locals {
  # Roles of ours, for where a predefined one holds too much. All of them stand here: who may change
  # a role may put anything into it, so the deploying account may not.
  custom_roles = merge(local._roles_of_functions, var.github == null ? {} : local._roles_of_deploy)

  _roles_of_functions = {
    executionReader = {
      title  = "Paddock: reader of executions"
      reason = "Sees how an execution of a runner job ended"
      permissions = [
        "run.executions.get", "run.operations.get", "run.tasks.get", "run.tasks.list",
      ]
    }
    executionStopper = {
      title       = "Paddock: stopper of executions"
      reason      = "Cancels an execution of a runner job, and starts none"
      permissions = ["run.executions.cancel", "run.executions.get", "run.operations.get"]
    }
  }

  # A predefined role would also read people's documents and objects, and values of secrets.
  _roles_of_deploy = {
    paddockBucketMaker = {
      title  = "Paddock: buckets without their objects"
      reason = "Makes and configures buckets, reads and writes nothing in them"
      permissions = [
        "storage.buckets.create", "storage.buckets.delete", "storage.buckets.get",
        "storage.buckets.getIamPolicy", "storage.buckets.list", "storage.buckets.setIamPolicy",
        "storage.buckets.update",
      ]
    }
    paddockDatabaseMaker = {
      title  = "Paddock: databases without their documents"
      reason = "Makes and configures databases, reads and writes nothing in them"
      permissions = [
        "datastore.databases.create", "datastore.databases.delete",
        "datastore.databases.getMetadata", "datastore.databases.list",
        "datastore.databases.update", "datastore.locations.get", "datastore.locations.list",
        "datastore.operations.get", "datastore.operations.list",
      ]
    }
    paddockAttestorBinder = {
      title  = "Paddock: who asks the attestor"
      reason = "Lets the runners' project ask the attestor of builds; attests nothing"
      permissions = [
        "binaryauthorization.attestors.get", "binaryauthorization.attestors.getIamPolicy",
        "binaryauthorization.attestors.setIamPolicy",
      ]
    }
    paddockViewBinder = {
      title       = "Paddock: log views without their entries"
      reason      = "Says who reads a log view, and reads none"
      permissions = ["logging.views.getIamPolicy", "logging.views.setIamPolicy"]
    }
    paddockSecretBinder = {
      title  = "Paddock: secrets without their values"
      reason = "Adds versions of secrets and says who reads them, reads none"
      permissions = [
        "secretmanager.secrets.get", "secretmanager.secrets.getIamPolicy",
        "secretmanager.secrets.setIamPolicy", "secretmanager.versions.add",
        "secretmanager.versions.get", "secretmanager.versions.list",
      ]
    }
  }

  # Roles on the project that the main root gives its accounts, and so all that a workflow may give.
  # What functions have beside these, they have on one bucket, key, job or secret.
  granted_by_main = concat(
    ["roles/datastore.user"],
    var.runner_project == null ? [] : ["roles/logging.bucketWriter"],
  )

  _on_project = {
    build = {
      "roles/logging.logWriter" = "Writes the build's log"
    }
    deploy = {
      paddockBucketMaker                          = "Buckets of workspaces, checkpoints, billing"
      paddockDatabaseMaker                        = "Both Firestore databases"
      paddockAttestorBinder                       = "Which project's policy asks the attestor"
      paddockViewBinder                           = "Who reads which log view"
      "roles/binaryauthorization.attestorsViewer" = "Names the attestor of builds"
      "roles/binaryauthorization.policyEditor"    = "Which images may start"
      "roles/certificatemanager.owner"            = "Certificates, their maps and authorizations"
      "roles/cloudbuild.builds.editor"            = "Submits builds, reads how they ended"
      "roles/cloudkms.admin"                      = "Keys and who may use them; it can't use them itself"
      "roles/cloudscheduler.admin"                = "The calls of maintenance"
      "roles/compute.loadBalancerAdmin"           = "Both load balancers"
      "roles/compute.networkAdmin"                = "Network, subnets, addresses"
      "roles/compute.securityAdmin"               = "Firewall, Cloud Armor, the policy for TLS"
      "roles/datastore.backupSchedulesAdmin"      = "Backups of the main database"
      "roles/datastore.indexAdmin"                = "Indexes, and fields that expire"
      "roles/dns.admin"                           = "The gateways' names inside the network"
      "roles/firebaserules.admin"                 = "The rules that deny every client"
      "roles/iam.serviceAccountAdmin"             = "An account per function, and who may act as it"
      "roles/logging.configWriter"                = "Log buckets, sinks, views, metrics"
      "roles/monitoring.editor"                   = "Dashboards, objectives, alerts, uptime checks"
      "roles/resourcemanager.projectIamAdmin" = (
        "Gives the functions' accounts the roles named here, and no other"
      )
      "roles/run.admin"                         = "Functions and jobs, and who may call them"
      "roles/serviceusage.serviceUsageConsumer" = "Reads quotas before anything is changed"
    }
  }

  _conditions = {
    "roles/resourcemanager.projectIamAdmin" = {
      title = "only-roles-of-functions"
      expression = format(
        "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([%s])",
        join(", ", [for role in local.granted_by_main : "'${role}'"]),
      )
    }
  }

  on_project = merge([
    for account, roles in local._on_project : {
      for role, reason in roles : "${account}/${role}" => {
        account   = account
        role      = role
        reason    = reason
        condition = lookup(local._conditions, role, null)
      }
    } if contains(keys(local.accounts), account)
  ]...)

  on_registry = {
    for name, grant in {
      "build/writer" = {
        account = "build", role = "roles/artifactregistry.writer"
        reason  = "Pushes the images"
      }
      "deploy/reader" = {
        account = "deploy", role = "roles/artifactregistry.reader"
        reason  = "Names images by digest"
      }
    } : name => grant if contains(keys(local.accounts), grant.account)
  }

  _main_state = {
    title = "main-root-and-releases"
    expression = join(" || ", [
      for folder in ["main", "releases"] : format(
        "resource.name.startsWith('projects/_/buckets/%s/objects/%s/')",
        google_storage_bucket.state.name,
        folder,
      )
    ])
  }

  on_buckets = {
    for name, grant in {
      "build/source" = {
        account = "build", on = "build", role = "roles/storage.objectViewer", condition = null
        reason  = "Reads the sources it builds"
      }
      "build/lists" = {
        account = "build", on = "build", role = "roles/storage.objectCreator", condition = null
        reason  = "Leaves lists of what images are made of, and can't change them"
      }
      "deploy/source" = {
        account = "deploy", on = "build", role = "roles/storage.objectUser", condition = null
        reason  = "Uploads the sources to build"
      }
      "deploy/bucket" = {
        account = "deploy", on = "build", role = "roles/storage.legacyBucketReader"
        reason  = "Sees that the bucket for sources is there", condition = null
      }
      "deploy/state" = {
        account   = "deploy", on = "state", role = "roles/storage.objectUser"
        reason    = "Keeps the main root's state and the list of releases, not this root's state"
        condition = local._main_state
      }
      "deploy/all-state" = {
        account = "deploy", on = "state", role = "roles/storage.objectViewer", condition = null
        reason  = "Reads what this root has made"
      }
      "plan/all-state" = {
        account = "plan", on = "state", role = "roles/storage.objectViewer", condition = null
        reason  = "Compares a change with the state, in which there is nothing secret"
      }
    } : name => grant if contains(keys(local.accounts), grant.account)
  }

  _owners = "projectOwner:${var.project_id}"

  # Conditions are left out where there is none; all elements of a list must then be told apart.
  bucket_bindings = {
    for bucket in ["build", "state"] : bucket => concat(
      [
        for role in ["roles/storage.legacyBucketOwner", "roles/storage.legacyObjectOwner"] :
        { role = role, members = [local._owners], condition = null }
      ],
      [
        for grant in values(local.on_buckets) : {
          role    = grant.role
          members = ["serviceAccount:paddock-${grant.account}@${var.project_id}.iam.gserviceaccount.com"]
          condition = grant.condition == null ? null : {
            title       = grant.condition.title
            description = grant.reason
            expression  = grant.condition.expression
          }
        } if grant.on == bucket
      ],
    )
  }

  on_secrets = var.github == null ? {} : {
    for secret in keys(local.secrets) : secret => {
      secret  = secret
      account = "deploy"
      role    = "paddockSecretBinder"
      reason  = "Adds the first version where there is none, and says which functions read it"
    }
  }
}
