{{- /*
The Deployment of a component and its PodDisruptionBudget. Takes a dict: root, component,
suffix of the name, args, ports, account (left out: a pod without any right), tlsSecret.
*/}}
{{- define "forescale.workload" -}}
{{- $v := .root.Values }}
{{- $c := index $v .component }}
{{- $args := .args }}
{{- $volumes := list }}
{{- $mounts := list }}
{{- with $v.prometheus.httpConfigSecret }}
{{- $args = append $args "--prometheus-http-config=/etc/forescale/http.yml" }}
{{- $volumes = append $volumes (dict "name" "prometheus-client" "secret" (dict "secretName" . "defaultMode" 0440)) }}
{{- $mounts = append $mounts (dict "name" "prometheus-client" "mountPath" "/etc/forescale" "readOnly" true) }}
{{- end }}
{{- with .tlsSecret }}
{{- $volumes = append $volumes (dict "name" "tls" "secret" (dict "secretName" . "defaultMode" 0440)) }}
{{- $mounts = append $mounts (dict "name" "tls" "mountPath" "/etc/forescale-tls" "readOnly" true) }}
{{- end }}
{{- $pod := merge (dict) ($v.podSecurityContext | default dict) }}
{{- if and $volumes $pod.runAsUser (not (hasKey $pod "fsGroup")) }}
{{- $_ := set $pod "fsGroup" $pod.runAsUser }}{{- /* the files belong to root and a group */}}
{{- end }}
{{- $selector := include "forescale.selector" (list .root .component) | fromYaml -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "forescale.meta" (list .root .suffix) | nindent 2 }}
  namespace: {{ .root.Release.Namespace }}
spec:
  replicas: {{ $c.replicaCount }}
  selector:
    matchLabels:
      {{- toYaml $selector | nindent 6 }}
  strategy:
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1} # a successor is there before a holder goes
  template:
    metadata:
      labels:
        {{- toYaml (merge (dict) $selector ($v.podLabels | default dict)) | nindent 8 }}
      {{- with $v.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- if .account }}
      serviceAccountName: {{ .account }}
      terminationGracePeriodSeconds: 60 # to hand over, or to give every floor back
      {{- else }}
      automountServiceAccountToken: false
      {{- end }}
      {{- with $v.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        {{- toYaml $pod | nindent 8 }}
      {{- with $v.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- range . }}
        - {{- toYaml (merge (dict) . (dict "labelSelector" (dict "matchLabels" $selector))) | nindent 10 }}
        {{- end }}
      {{- end }}
      containers:
      - name: forescale
        {{- with $v.image }}
        image: {{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.root.Chart.AppVersion }}{{ end }}
        {{- with .pullPolicy }}
        imagePullPolicy: {{ . }}
        {{- end }}
        {{- end }}
        args:
          {{- toYaml (concat $args ($c.extraArgs | default list)) | nindent 10 }}
        {{- with $v.extraEnv }}
        env:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        ports:
          {{- toYaml .ports | nindent 10 }}
        readinessProbe:
          httpGet: {path: /readyz, port: http}
        livenessProbe:
          httpGet: {path: /healthz, port: http}
        resources:
          {{- toYaml $c.resources | nindent 10 }}
        securityContext:
          {{- toYaml $v.securityContext | nindent 10 }}
        {{- with concat $mounts ($v.extraVolumeMounts | default list) }}
        volumeMounts:
          {{- toYaml . | nindent 10 }}
        {{- end }}
      {{- with concat $volumes ($v.extraVolumes | default list) }}
      volumes:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- if and $v.podDisruptionBudget.enabled (gt (int $c.replicaCount) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "forescale.meta" (list .root .suffix) | nindent 2 }}
  namespace: {{ .root.Release.Namespace }}
spec:
  minAvailable: 1
  selector:
    matchLabels:
      {{- include "forescale.selector" (list .root .component) | nindent 6 }}
{{- end }}
{{- end }}
