# The model goes to the workspace's storage through the gate, is registered there, and served by the endpoint.
terraform {
  required_providers {
    azapi   = { source = "Azure/azapi", version = "~> 2.0" }
    azurerm = { source = "hashicorp/azurerm", version = "~> 4.0" }
  }
}

variable "workspace_id" {
  type        = string
  description = "The workspace of Azure Machine Learning."
}

variable "location" {
  type        = string
  description = "Its region."
}

variable "storage_account" {
  type        = string
  description = "The storage account of the workspace."
}

variable "environment_id" {
  type        = string
  description = "The environment of deployment.yaml: the image, by its digest, and its routes."
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

resource "azurerm_storage_blob" "model" {
  name                   = "churn/1/churn.json"
  storage_account_name   = var.storage_account
  storage_container_name = "models"
  type                   = "Block"
  source                 = module.model.artifact_path
}

resource "azapi_resource" "model" {
  type      = "Microsoft.MachineLearningServices/workspaces/models/versions@2024-04-01"
  parent_id = "${var.workspace_id}/models/churn"
  name      = "1"
  body = {
    properties = {
      modelType = "custom_model"
      modelUri  = azurerm_storage_blob.model.url
    }
  }
}

resource "azapi_resource" "endpoint" {
  type       = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2024-04-01"
  parent_id  = var.workspace_id
  name       = "churn"
  location   = var.location
  depends_on = [azapi_resource.model]

  identity {
    type = "SystemAssigned"
  }

  body = {
    properties = {
      authMode            = "AADToken"
      publicNetworkAccess = "Disabled"
    }
  }
}

resource "azapi_resource" "deployment" {
  type      = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments@2024-04-01"
  parent_id = azapi_resource.endpoint.id
  name      = "blue"
  location  = var.location
  body = {
    sku = { name = "Default", capacity = 2 }
    properties = {
      endpointComputeType       = "Managed"
      instanceType              = "Standard_DS3_v2"
      model                     = azapi_resource.model.id
      modelMountPath            = "/var/azureml-app/churn"
      environmentId             = var.environment_id
      egressPublicNetworkAccess = "Disabled"
      requestSettings           = { requestTimeout = "PT60S", maxConcurrentRequestsPerInstance = 100 }
    }
  }
}
