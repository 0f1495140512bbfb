output "keys_id" {
  description = "Full id of the database of wrapped keys, for conditions of grants."
  value       = google_firestore_database.default["keys"].id
}

output "main_id" {
  description = "Full id of the main database, for conditions of grants."
  value       = google_firestore_database.default["main"].id
}

output "names" {
  description = "Names of the databases: `main` and `keys`."
  value       = { for key, database in google_firestore_database.default : key => database.name }
}
