mock_provider "google" {}

variables {
  project_id = "acme-paddock-1"
  region     = "us-central1"
  image      = "us-docker.pkg.dev/acme/runner@sha256:${join("", [for n in range(64) : "a"])}"
  network    = "projects/acme-paddock-1/global/networks/runners"
  subnets    = { none = { id = "subnet-none", tag = "runner-none" } }
  jobs       = { runner-lite-none = { cpuMillis = 1000, memoryMib = 2048, network = "none" } }
}

run "used_once" {
  command = plan

  assert {
    condition = (
      google_cloud_run_v2_job.default["runner-lite-none"].template[0].template[0].max_retries == 0
    )
    error_message = "An execution that failed is settled, and never run again."
  }
}

run "a_mode_without_a_subnet" {
  command         = plan
  expect_failures = [var.subnets]

  variables {
    jobs = { runner-lite-internet = { cpuMillis = 1000, memoryMib = 2048, network = "internet" } }
  }
}

run "image_by_tag" {
  command         = plan
  expect_failures = [var.image]

  variables {
    image = "us-docker.pkg.dev/acme/runner:latest"
  }
}
