# The state lies in the bucket that the bootstrap root makes; its name is given to `init`. Alone in
# this file, so that a plan without any state can leave it out.
terraform {
  backend "gcs" {}
}
