package controller

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/forescale/forescale/scaler/hpa"
)

// A lateKEDA is a cluster where KEDA is installed one day, and whose ScaledObjects are listed
// some time after.
type lateKEDA struct {
	meta.RESTMapper
	installed, listed    atomic.Bool
	broken               atomic.Bool // it does not say whether KEDA is there
	looks, watches, asks atomic.Int32
}

type (
	lateController struct {
		controller.Controller
		*lateKEDA
	}
	lateCache struct {
		cache.Cache
		of *lateKEDA
	}
	lateInformer struct {
		cache.Informer
		of *lateKEDA
	}
)

func (l *lateKEDA) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	l.looks.Add(1)
	if l.broken.Load() {
		return nil, errors.New("the server is currently unable to handle the request")
	}
	if !l.installed.Load() {
		return nil, &meta.NoKindMatchError{GroupKind: gk, SearchedVersions: versions}
	}
	return &meta.RESTMapping{}, nil
}

func (l lateController) Watch(source.Source) error {
	l.watches.Add(1)
	return nil
}

func (l lateCache) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	l.of.asks.Add(1)
	return lateInformer{of: l.of}, nil
}

func (l lateInformer) HasSynced() bool { return l.of.listed.Load() }

// A KEDA that is installed while forescale runs is noticed and watched once. It is used only when
// its objects have been listed: a read before that would wait.
func TestAKEDAThatIsInstalledLaterIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &lateKEDA{}
		x := &Controller{log: slog.New(slog.DiscardHandler), writer: &hpa.Writer{Mapper: world}}
		loop, err := x.watchKEDA(lateController{lateKEDA: world}, lateCache{of: world})
		require.NoError(t, err)
		require.NotNil(t, loop)
		done := make(chan error, 1)
		go func() { done <- loop(t.Context()) }()
		time.Sleep(time.Hour)
		require.LessOrEqual(t, world.looks.Load(), int32(121), "one look each half minute")
		require.Zero(t, world.watches.Load()+world.asks.Load())

		world.installed.Store(true)
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, world.watches.Load())
		require.False(t, x.scaledObjects.Load(), "they have not been listed")
		world.listed.Store(true)
		require.NoError(t, <-done)
		require.True(t, x.scaledObjects.Load())
		require.EqualValues(t, 1, world.watches.Load())
	})
}

func TestAKEDAThatIsThereIsWatchedFromTheStart(t *testing.T) {
	world := &lateKEDA{}
	world.installed.Store(true)
	x := &Controller{log: slog.New(slog.DiscardHandler), writer: &hpa.Writer{Mapper: world}}
	loop, err := x.watchKEDA(lateController{lateKEDA: world}, lateCache{of: world})
	require.NoError(t, err)
	require.Nil(t, loop)
	require.True(t, x.scaledObjects.Load())
}

// That it cannot be found out whether KEDA is installed is logged once, and tried again.
func TestAnAPIServerThatFailsWhenAskedForKEDA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &lateKEDA{}
		var log bytes.Buffer
		x := &Controller{log: slog.New(slog.NewTextHandler(&log, nil)), writer: &hpa.Writer{Mapper: world}}
		loop, err := x.watchKEDA(lateController{lateKEDA: world}, lateCache{of: world})
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- loop(t.Context()) }()
		for range 2 {
			world.broken.Store(true)
			time.Sleep(time.Hour)
			world.broken.Store(false)
			time.Sleep(time.Minute)
		}
		world.installed.Store(true)
		world.listed.Store(true)
		require.NoError(t, <-done)
		require.Equal(t, 2, strings.Count(log.String(), "level=WARN"))
	})
}
