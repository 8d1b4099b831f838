/** The lists and the one object of the Kubernetes API that probes read, by `kubectl get --raw`, which can only GET. */
export const K8S_PATHS = {
  nodes: () => '/api/v1/nodes',
  pods: () => '/api/v1/pods',
  podsIn: (namespace: string) => `/api/v1/namespaces/${namespace}/pods`,
  nodeEvents: () => '/api/v1/events?fieldSelector=involvedObject.kind=Node',
  deploymentsIn: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  jobsIn: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`,
  cronJobsIn: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/cronjobs`,
  application: (namespace: string, name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`,
} as const

const NAME = '[a-z0-9][a-z0-9.-]*'
const KNOWN = Object.values(K8S_PATHS).map((path) => {
  const form = (path as (...names: string[]) => string)('NAME', 'NAME').replace(/[.?]/gu, '\\$&').replaceAll('NAME', NAME)
  return new RegExp(`^${form}$`, 'u')
})

/** Whether a text is one of these paths, from its first character to its last. */
export function isK8sPath(text: string): boolean {
  return KNOWN.some((form) => form.test(text))
}
