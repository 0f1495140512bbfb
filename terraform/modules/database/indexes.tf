locals {
  _declared = jsondecode(file(var.indexes_file))

  indexes = {
    for index in local._declared.indexes : join("/", [
      index.collectionGroup,
      lower(index.queryScope),
      join(",", [
        for field in index.fields :
        "${field.fieldPath}:${lower(try(field.order, field.arrayConfig))}"
      ]),
    ]) => index
  }

  fields = {
    for override in local._declared.fieldOverrides :
    "${override.collectionGroup}/${override.fieldPath}" => override
  }

  _collections = distinct(concat(
    [for index in values(local.indexes) : index.collectionGroup],
    [for override in values(local.fields) : override.collectionGroup],
  ))

  _database_of = {
    for collection in local._collections : collection => (
      google_firestore_database.default[
        lookup(var.database_of, collection, "main")
      ].name
    )
  }
}

resource "google_firestore_index" "default" {
  for_each    = local.indexes
  project     = var.project_id
  database    = local._database_of[each.value.collectionGroup]
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope
  # Firestore builds several at once; the deploy command waits for all of them, with progress.
  skip_wait = true

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
    }
  }
}

# What is never queried has no index, so that writes stay cheap; what has a time to live is deleted
# by Firestore once that has passed.
resource "google_firestore_field" "default" {
  for_each   = local.fields
  project    = var.project_id
  database   = local._database_of[each.value.collectionGroup]
  collection = each.value.collectionGroup
  field      = each.value.fieldPath
  skip_wait  = true

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order        = try(indexes.value.order, null)
        array_config = try(indexes.value.arrayConfig, null)
        query_scope  = indexes.value.queryScope
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [true] : []
    content {}
  }
}
