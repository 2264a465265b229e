// grpc-gateway as its own documentation sets it up: generated handlers, one connection to each service. Its JSON is
// told to be the standard mapping, as Portico's is: lowerCamelCase names, no zero values.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/runtime"
	"google.golang.org/grpc"

	catalogv1 "portico/shop/catalog/v1"
	inventoryv1 "portico/shop/inventory/v1"
	pricingv1 "portico/shop/pricing/v1"
	recommendationsv1 "portico/shop/recommendations/v1"
	reviewsv1 "portico/shop/reviews/v1"
	sellersv1 "portico/shop/sellers/v1"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	catalog := flag.String("catalog", "", "the catalog's address")
	pricing := flag.String("pricing", "", "pricing's address")
	reviews := flag.String("reviews", "", "reviews' address")
	inventory := flag.String("inventory", "", "the inventory's address")
	sellers := flag.String("sellers", "", "sellers' address")
	recommendations := flag.String("recommendations", "", "recommendations' address")
	flag.Parse()

	mux := runtime.NewServeMux(runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{OrigName: false}))
	options := []grpc.DialOption{grpc.WithInsecure()}
	ctx := context.Background()
	for _, service := range []struct {
		register func(context.Context, *runtime.ServeMux, string, []grpc.DialOption) error
		address  string
	}{
		{catalogv1.RegisterCatalogServiceHandlerFromEndpoint, *catalog},
		{pricingv1.RegisterPricingServiceHandlerFromEndpoint, *pricing},
		{reviewsv1.RegisterReviewServiceHandlerFromEndpoint, *reviews},
		{inventoryv1.RegisterInventoryServiceHandlerFromEndpoint, *inventory},
		{sellersv1.RegisterSellerServiceHandlerFromEndpoint, *sellers},
		{recommendationsv1.RegisterRecommendationServiceHandlerFromEndpoint, *recommendations},
	} {
		if err := service.register(ctx, mux, service.address, options); err != nil {
			log.Fatal(err)
		}
	}
	log.Fatal(http.ListenAndServe(*listen, mux))
}
