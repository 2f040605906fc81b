# A state machine starts the job of job.json every month. Each run is a job of its own: a job that is started again by its
# name is refused, so there is no Retry.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

variable "machine_role_arn" {
  type        = string
  description = "The role of the state machine: it may create this job, and pass the job's role."
}

variable "schedule_role_arn" {
  type        = string
  description = "The role of the schedule: it may start the state machine."
}

locals {
  job = jsondecode(file("${path.module}/job.json"))
  definition = jsonencode({
    StartAt = "Train"
    States = {
      Train = {
        Type     = "Task"
        Resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
        Parameters = merge(
          { for key, value in local.job : key => value if key != "ProcessingJobName" },
          { "ProcessingJobName.$" = "States.Format('churn-{}', $$.Execution.Name)" },
        )
        End = true
      }
    }
  })
}

resource "aws_sfn_state_machine" "churn" {
  name       = "churn"
  role_arn   = var.machine_role_arn
  definition = local.definition
}

resource "aws_scheduler_schedule" "churn" {
  name                = "churn"
  schedule_expression = "rate(30 days)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.churn.arn
    role_arn = var.schedule_role_arn
    input    = "{}"

    retry_policy {
      maximum_retry_attempts = 0
    }
  }
}
