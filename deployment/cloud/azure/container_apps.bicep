// Predict-only on Azure Container Apps, from an image with a model in it (../model.Dockerfile). A writer does not belong here:
// locks on Azure Files (SMB) fail, and the usual cure switches them off (deployment/README.md).
//
//     deployment/cloud/azure/container_apps_deploy --help
targetScope = 'resourceGroup'

@description('Region of everything.')
param location string = resourceGroup().location

@description('Name of the app and of what belongs to it.')
@minLength(2)
@maxLength(24)
param name string = 'titanic-platform'

@description('Image with a model in it, with its digest.')
param image string

@description('Name of the registry in this resource group that holds the image.')
param registry string

@description('Token of the clients: scopes predict and read.')
@secure()
@minLength(32)
param clientToken string

@description('Fewest and most replicas. With 0 the app sleeps while nobody asks, and its first answer takes seconds.')
@minValue(0)
param minReplicas int = 1

@minValue(1)
param maxReplicas int = 10

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
  }
}

// The app pulls its image by an identity of its own, without a password.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-identity'
  location: location
}

resource images 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registry
}

// AcrPull
var pull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(images.id, identity.id, pull)
  scope: images
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: pull
  }
}

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  dependsOn: [
    mayPull
  ]
  properties: {
    managedEnvironmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        allowInsecure: false
        targetPort: 8080
        transport: 'auto'
      }
      registries: [
        {
          server: images.properties.loginServer
          identity: identity.id
        }
      ]
      secrets: [
        {
          name: 'client-token'
          value: clientToken
        }
      ]
    }
    template: {
      // server.drain and server.shutdown are 20 s together.
      terminationGracePeriodSeconds: 40
      containers: [
        {
          name: 'titanic-platform'
          image: image
          args: [
            'serve'
            '--predict-only'
          ]
          env: [
            {
              name: 'PORT'
              value: '8080'
            }
            // The app is open to the world and Container Apps checks nobody: every caller has a token.
            {
              name: 'TITANIC_SERVER__AUTH'
              value: '{"tokens": [{"name": "client", "scopes": ["predict", "read"], "secret_env": "CLIENT_TOKEN"}]}'
            }
            {
              name: 'CLIENT_TOKEN'
              secretRef: 'client-token'
            }
            {
              name: 'TITANIC_SERVER__HOSTS'
              value: '["${name}.${environment.properties.defaultDomain}"]'
            }
            {
              name: 'TITANIC_SERVER__DRAIN'
              value: '10s'
            }
            {
              name: 'TITANIC_SERVER__SHUTDOWN'
              value: '10s'
            }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/readyz'
                port: 8080
              }
              periodSeconds: 1
              timeoutSeconds: 1
              failureThreshold: 30
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/readyz'
                port: 8080
              }
              periodSeconds: 5
              timeoutSeconds: 2
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz'
                port: 8080
              }
              periodSeconds: 10
              timeoutSeconds: 5
            }
          ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        rules: [
          {
            name: 'requests'
            http: {
              metadata: {
                concurrentRequests: '50'
              }
            }
          }
        ]
      }
    }
  }
}

output address string = 'https://${app.properties.configuration.ingress.fqdn}'
