locals {
  # Google's own agents, which use the project's keys on behalf of the services.
  _agents = {
    buckets   = "gs-project-accounts"
    databases = "gcp-sa-firestore"
    logs      = "gcp-sa-logging"
  }
  _agent_format = "serviceAccount:service-%s@%s.iam.gserviceaccount.com"

  service_agents = {
    for name, agent in local._agents :
    name => format(local._agent_format, var.project_number, agent)
    if var.encryption.customer_managed
  }
}

module "keys" {
  source     = "./modules/keys"
  project_id = var.project_id
  location   = local.locations.keys
  hsm        = var.encryption.hsm
  at_rest    = local.service_agents
  protected  = var.protection.delete
  labels     = local.labels
}

module "secrets" {
  source = "./modules/secrets"

  versions = {
    for name, version in var.secret_versions : replace(name, "_", "-") => version
  }
}

module "database" {
  source       = "./modules/database"
  project_id   = var.project_id
  location     = local.locations.databases
  indexes_file = "${path.module}/../firestore.indexes.json"
  rules_file   = "${path.module}/../firestore.rules"
  kms_key      = lookup(module.keys.at_rest, "databases", null)
  protected    = var.protection.delete

  backup      = { retention_weeks = local.retention.backup_weeks }
  database_of = local.retention.database_of
}

module "storage" {
  source     = "./modules/storage"
  project_id = var.project_id
  location   = local.locations.buckets
  kms_key    = lookup(module.keys.at_rest, "buckets", null)
  locked     = var.protection.lock_archive
  protected  = var.protection.delete
  labels     = local.labels

  archive_retention_days    = local.retention.bucket_days.archive
  checkpoint_retention_days = local.retention.bucket_days.checkpoints
  export_days               = local.retention.bucket_days.exports
  noncurrent_days           = local.retention.restorable_days
  soft_delete_days          = local.retention.restorable_days
}
