# The bucket is made by this very root: the first apply leaves this file out, then the state moves
# there. Alone in this file for that.
terraform {
  backend "gcs" {}
}
