output "names" {
  description = "Names of the databases: `main` and `keys`."
  value       = { for key, database in google_firestore_database.default : key => database.name }
}
