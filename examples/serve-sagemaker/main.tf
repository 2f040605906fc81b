# The model goes to S3 through the gate, and the endpoint serves what the gate released.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

variable "bucket" {
  type        = string
  description = "Where the model is kept."
}

variable "role_arn" {
  type        = string
  description = "The role of the endpoint: it reads the bucket and pulls the image, and nothing else."
}

module "model" {
  source          = "../../terraform_modules/model_release_gate"
  declaration     = "${path.module}/privacy.yaml"
  artifact        = "${path.module}/model/churn.json"
  release_name    = "churn"
  release_version = "1.0.0"
  max_epsilon     = 0.25
  tier            = "behavioural"
  max_delta       = 0.00001
  attestation     = "${path.module}/churn.sigstore.json"
}

resource "aws_s3_object" "model" {
  bucket      = var.bucket
  key         = "churn/1.0.0/churn.json"
  source      = module.model.artifact_path
  source_hash = module.model.artifact_sha256
}

resource "aws_sagemaker_model" "churn" {
  name                     = "churn-1-0-0"
  execution_role_arn       = var.role_arn
  enable_network_isolation = true # the container needs no network: what it verifies is in the image

  primary_container {
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/churn@sha256:0000000000000000000000000000000000000000000000000000000000000000"

    model_data_source {
      s3_data_source {
        s3_uri           = "s3://${aws_s3_object.model.bucket}/churn/1.0.0/"
        s3_data_type     = "S3Prefix"
        compression_type = "None"
      }
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "churn" {
  name = "churn-1-0-0"

  production_variants {
    variant_name                                      = "all"
    model_name                                        = aws_sagemaker_model.churn.name
    instance_type                                     = "ml.m6i.large"
    initial_instance_count                            = 2
    container_startup_health_check_timeout_in_seconds = 60
  }
}

resource "aws_sagemaker_endpoint" "churn" {
  name                 = "churn"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.churn.name
}
