#!/usr/bin/env bash
# Builds the real components that the tests run against, each from the pinned
# module beside this script, into a cache outside the repository. What is there
# already, for the same pinned modules, is not built again.
#
#   build.sh prometheus        one Prometheus 3.x
#   build.sh k8s kwok          etcd, apiserver, controllers, scheduler, KWOK
#   build.sh keda              KEDA's operator and metrics adapter
#   build.sh k8s-1.37          apiserver and controllers of another version, in a folder of that name
#   build.sh --path            print the folder of the binaries and stop
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${FORESCALE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/forescale/bin}
if [ "${1:-}" = --path ]; then echo "$bin"; exit 0; fi
mkdir -p "$bin"
export CGO_ENABLED=0 GOFLAGS=-mod=readonly

# build MODULE NAME PACKAGE [go build arguments...]
build() {
  local module=$1 name=$2 package=$3; shift 3
  local stamp
  stamp=$(cat "$here/$module/go.mod" "$here/$module/go.sum" "$here/build.sh" | sha256sum | cut -c1-16)
  if [ -x "$bin/$name" ] && [ "$(cat "$bin/$name.stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
  echo "building $name"
  (cd "$here/$module" && go build "$@" -o "$bin/$name.new" "$package")
  mv "$bin/$name.new" "$bin/$name"
  echo "$stamp" > "$bin/$name.stamp"
}

# kubernetes_flags MODULE prints linker flags that make its components know their version.
kubernetes_flags() {
  local v minor
  v=$(cd "$here/$1" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
  minor=${v#v1.}; minor=${minor%%.*}
  echo "-s -w -X k8s.io/component-base/version.gitVersion=$v -X k8s.io/component-base/version.gitMajor=1" \
    "-X k8s.io/component-base/version.gitMinor=$minor -X k8s.io/component-base/version.gitTreeState=clean"
}

for module in "$@"; do
  case $module in
  prometheus)
    build prometheus prometheus github.com/prometheus/prometheus/cmd/prometheus \
      -tags remove_all_sd,enable_kubernetes_sd -ldflags '-s -w' ;;
  k8s)
    ld=$(kubernetes_flags k8s)
    for c in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
      build k8s "$c" "k8s.io/kubernetes/cmd/$c" -ldflags "$ld"
    done
    build k8s etcd go.etcd.io/etcd/server/v3 -ldflags '-s -w' ;;
  k8s-*)
    [ -d "$here/$module" ] || { echo "build.sh: no module tools/$module" >&2; exit 2; }
    mkdir -p "$bin/$module"
    ld=$(kubernetes_flags "$module")
    for c in kube-apiserver kube-controller-manager; do # the scheduler may be a version older
      build "$module" "$module/$c" "k8s.io/kubernetes/cmd/$c" -ldflags "$ld"
    done ;;
  kwok)
    build kwok kwok sigs.k8s.io/kwok/cmd/kwok -ldflags '-s -w' ;;
  keda)
    v=$(cd "$here/keda" && go list -m -f '{{.Version}}' github.com/kedacore/keda/v2)
    ld="-s -w -X github.com/kedacore/keda/v2/version.Version=${v#v}"
    build keda keda-operator github.com/kedacore/keda/v2/cmd/operator -ldflags "$ld"
    build keda keda-adapter github.com/kedacore/keda/v2/cmd/adapter -ldflags "$ld" ;;
  *)
    echo "build.sh: unknown module '$module', want prometheus, k8s, k8s-1.37, kwok or keda" >&2; exit 2 ;;
  esac
done
