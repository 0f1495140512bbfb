variable "functions" {
  description = "Functions with the paths they answer, as the build lists them."
  type = map(object({
    routes = list(object({ paths = list(string) }))
  }))
  nullable = false
}
