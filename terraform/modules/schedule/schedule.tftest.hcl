mock_provider "google" {}

variables {
  project_id = "acme-paddock-1"
  region     = "us-central1"
  audience   = "https://maintenance.api.acme.example"
  uris       = { sequencer = "https://sequencer.example" }
  functions = {
    sequencer = {
      limits = { timeoutSeconds = 300 }
      routes = [
        { cron = "*/5 * * * *", method = "POST", path = "/internal/sequence", summary = "Signs." },
        { cron = null, method = "GET", path = "/internal/state", summary = "Is asked." },
      ]
    }
  }
}

run "what_is_due_by_itself" {
  command = plan

  assert {
    condition     = join(",", keys(google_cloud_scheduler_job.default)) == "sequencer-sequence"
    error_message = "A route with a schedule is called, and no other."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.default["sequencer-sequence"].http_target[0].uri
      == "https://sequencer.example/internal/sequence"
    )
    error_message = "It is called at the function's own address."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.default["sequencer-sequence"].attempt_deadline == "310s"
    )
    error_message = "Scheduler waits a little longer than the function may take."
  }
}
