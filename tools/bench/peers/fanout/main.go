// The gateway one writes by hand in Go: a connection to each service, kept; a goroutine for each call of a page; every
// part marshaled straight into one pooled buffer.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang/protobuf/jsonpb"
	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "portico/shop/catalog/v1"
	inventoryv1 "portico/shop/inventory/v1"
	pricingv1 "portico/shop/pricing/v1"
	recommendationsv1 "portico/shop/recommendations/v1"
	reviewsv1 "portico/shop/reviews/v1"
	sellersv1 "portico/shop/sellers/v1"
)

const timeout = 5 * time.Second

var (
	marshaler = jsonpb.Marshaler{}
	buffers   = sync.Pool{New: func() interface{} { return new(bytes.Buffer) }}
)

type gateway struct {
	catalog         catalogv1.CatalogServiceClient
	pricing         pricingv1.PricingServiceClient
	reviews         reviewsv1.ReviewServiceClient
	inventory       inventoryv1.InventoryServiceClient
	sellers         sellersv1.SellerServiceClient
	recommendations recommendationsv1.RecommendationServiceClient
}

func dial(address string) *grpc.ClientConn {
	connection, err := grpc.Dial(address, grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	return connection
}

func fail(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch status.Code(err) {
	case codes.NotFound:
		code = http.StatusNotFound
	case codes.InvalidArgument:
		code = http.StatusBadRequest
	case codes.Unavailable:
		code = http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		code = http.StatusGatewayTimeout
	}
	http.Error(w, status.Convert(err).Message(), code)
}

// answer sends what write puts into the buffer it is given.
func answer(w http.ResponseWriter, write func(*bytes.Buffer) error) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if err := write(buffer); err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(buffer.Len()))
	w.Write(buffer.Bytes())
}

func answerMessage(w http.ResponseWriter, message proto.Message, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, func(buffer *bytes.Buffer) error { return marshaler.Marshal(buffer, message) })
}

// product serves /v1/products/ID and /v1/products/ID/reviews.
func (g *gateway) product(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	id := strings.TrimPrefix(r.URL.Path, "/v1/products/")
	if strings.HasSuffix(id, "/reviews") {
		g.reviewsOf(ctx, w, r, strings.TrimSuffix(id, "/reviews"))
		return
	}
	if r.Method != http.MethodGet || id == "" || strings.Contains(id, "/") {
		http.NotFound(w, r)
		return
	}
	reply, err := g.catalog.GetProduct(ctx, &catalogv1.GetProductRequest{ProductId: id})
	answerMessage(w, reply, err)
}

func (g *gateway) reviewsOf(ctx context.Context, w http.ResponseWriter, r *http.Request, id string) {
	switch r.Method {
	case http.MethodGet:
		request := &reviewsv1.ListReviewsRequest{ProductId: id}
		query := r.URL.Query()
		if size := query.Get("page_size"); size != "" {
			number, err := strconv.ParseInt(size, 10, 32)
			if err != nil {
				http.Error(w, "page_size is no number", http.StatusBadRequest)
				return
			}
			request.PageSize = int32(number)
		}
		request.PageToken = query.Get("page_token")
		reply, err := g.reviews.ListReviews(ctx, request)
		answerMessage(w, reply, err)
	case http.MethodPost:
		review := &reviewsv1.Review{}
		if err := jsonpb.Unmarshal(http.MaxBytesReader(w, r.Body, 4<<20), review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply, err := g.reviews.CreateReview(ctx, &reviewsv1.CreateReviewRequest{ProductId: id, Review: review})
		answerMessage(w, reply, err)
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

// list writes `,"name":[...]`; nothing when there are none.
func list(buffer *bytes.Buffer, name string, count int, at func(int) proto.Message) error {
	for i := 0; i < count; i++ {
		if i == 0 {
			buffer.WriteString(`,"` + name + `":[`)
		} else {
			buffer.WriteByte(',')
		}
		if err := marshaler.Marshal(buffer, at(i)); err != nil {
			return err
		}
	}
	if count > 0 {
		buffer.WriteByte(']')
	}
	return nil
}

// page serves /bench/pages/ID: five calls at once. Only the product is required.
func (g *gateway) page(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	id := strings.TrimPrefix(r.URL.Path, "/bench/pages/")
	var (
		price    *pricingv1.Price
		reviews  *reviewsv1.ListReviewsResponse
		stock    *inventoryv1.Stock
		sellers  *sellersv1.RankSellersResponse
		priceErr error
		stockErr error
		others   sync.WaitGroup
	)
	others.Add(4)
	go func() {
		defer others.Done()
		price, priceErr = g.pricing.GetPrice(ctx, &pricingv1.GetPriceRequest{ProductId: id})
	}()
	go func() {
		defer others.Done()
		reviews, _ = g.reviews.ListReviews(ctx, &reviewsv1.ListReviewsRequest{ProductId: id, PageSize: 10})
	}()
	go func() {
		defer others.Done()
		stock, stockErr = g.inventory.GetStock(ctx, &inventoryv1.GetStockRequest{ProductId: id})
	}()
	go func() {
		defer others.Done()
		sellers, _ = g.sellers.RankSellers(ctx, &sellersv1.RankSellersRequest{ProductId: id})
	}()
	product, err := g.catalog.GetProduct(ctx, &catalogv1.GetProductRequest{ProductId: id})
	if err != nil {
		cancel()
		others.Wait()
		fail(w, err)
		return
	}
	others.Wait()
	answer(w, func(buffer *bytes.Buffer) error {
		buffer.WriteString(`{"product":`)
		if err := marshaler.Marshal(buffer, product); err != nil {
			return err
		}
		if priceErr == nil {
			buffer.WriteString(`,"price":`)
			if err := marshaler.Marshal(buffer, price); err != nil {
				return err
			}
		}
		if err := list(buffer, "reviews", len(reviews.GetReviews()), func(i int) proto.Message {
			return reviews.Reviews[i]
		}); err != nil {
			return err
		}
		if stockErr == nil {
			buffer.WriteString(`,"stock":`)
			if err := marshaler.Marshal(buffer, stock); err != nil {
				return err
			}
		}
		if err := list(buffer, "sellers", len(sellers.GetSellers()), func(i int) proto.Message {
			return sellers.Sellers[i]
		}); err != nil {
			return err
		}
		buffer.WriteByte('}')
		return nil
	})
}

// chain serves /bench/chains/ID: two calls, one after the other.
func (g *gateway) chain(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	id := strings.TrimPrefix(r.URL.Path, "/bench/chains/")
	product, err := g.catalog.GetProduct(ctx, &catalogv1.GetProductRequest{ProductId: id})
	if err != nil {
		fail(w, err)
		return
	}
	stock, err := g.inventory.GetStock(ctx, &inventoryv1.GetStockRequest{ProductId: product.ProductId})
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, func(buffer *bytes.Buffer) error {
		buffer.WriteString(`{"product":`)
		if err := marshaler.Marshal(buffer, product); err != nil {
			return err
		}
		buffer.WriteString(`,"stock":`)
		if err := marshaler.Marshal(buffer, stock); err != nil {
			return err
		}
		buffer.WriteByte('}')
		return nil
	})
}

// What a shelf shows, as encoding/json writes it: less than the services answer.
type (
	card struct {
		Title    string   `json:"title,omitempty"`
		Authors  []string `json:"authors,omitempty"`
		ImageURL string   `json:"imageUrl,omitempty"`
	}
	money struct {
		CurrencyCode string `json:"currencyCode,omitempty"`
		Units        int64  `json:"units,omitempty,string"`
		Nanos        int32  `json:"nanos,omitempty"`
	}
	tag struct {
		Price           *money `json:"price,omitempty"`
		DiscountPercent int32  `json:"discountPercent,omitempty"`
	}
	shown struct {
		Available    int32  `json:"available,omitempty"`
		Availability string `json:"availability,omitempty"`
	}
	item struct {
		ProductID string `json:"productId,omitempty"`
		Product   *card  `json:"product,omitempty"`
		Price     *tag   `json:"price,omitempty"`
		Stock     *shown `json:"stock,omitempty"`
	}
	shelf struct {
		Items []item `json:"items,omitempty"`
	}
)

// shelf serves /bench/shelves/ID: a list, and then three calls at once for all that is in it. Only the list is required.
func (g *gateway) shelf(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	listed, err := g.recommendations.ListAlsoBought(ctx, &recommendationsv1.ListAlsoBoughtRequest{
		ProductId: strings.TrimPrefix(r.URL.Path, "/bench/shelves/"), PageSize: 20})
	if err != nil {
		fail(w, err)
		return
	}
	ids := make([]string, len(listed.Items))
	page := shelf{Items: make([]item, len(listed.Items))}
	at := make(map[string]*item, len(listed.Items))
	for i, recommended := range listed.Items {
		ids[i] = recommended.ProductId
		page.Items[i].ProductID = recommended.ProductId
		at[recommended.ProductId] = &page.Items[i]
	}
	// Each call fills a field of its own of every item.
	var calls sync.WaitGroup
	calls.Add(3)
	go func() {
		defer calls.Done()
		reply, _ := g.catalog.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{ProductIds: ids})
		for _, product := range reply.GetProducts() {
			if item := at[product.ProductId]; item != nil {
				item.Product = &card{product.Title, product.Authors, product.ImageUrl}
			}
		}
	}()
	go func() {
		defer calls.Done()
		reply, _ := g.pricing.BatchGetPrices(ctx, &pricingv1.BatchGetPricesRequest{ProductIds: ids})
		for _, price := range reply.GetPrices() {
			if item := at[price.ProductId]; item != nil {
				item.Price = &tag{DiscountPercent: price.DiscountPercent}
				if asked := price.Price; asked != nil {
					item.Price.Price = &money{asked.CurrencyCode, asked.Units, asked.Nanos}
				}
			}
		}
	}()
	go func() {
		defer calls.Done()
		reply, _ := g.inventory.BatchGetStock(ctx, &inventoryv1.BatchGetStockRequest{ProductIds: ids})
		for _, stock := range reply.GetStock() {
			if item := at[stock.ProductId]; item != nil {
				item.Stock = &shown{Available: stock.Available}
				if stock.Availability != 0 {
					item.Stock.Availability = stock.Availability.String()
				}
			}
		}
	}()
	calls.Wait()
	answer(w, func(buffer *bytes.Buffer) error { return json.NewEncoder(buffer).Encode(&page) })
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	catalog := flag.String("catalog", "", "the catalog's address")
	pricing := flag.String("pricing", "", "pricing's address")
	reviews := flag.String("reviews", "", "reviews' address")
	inventory := flag.String("inventory", "", "the inventory's address")
	sellers := flag.String("sellers", "", "sellers' address")
	recommendations := flag.String("recommendations", "", "recommendations' address")
	flag.Parse()

	g := &gateway{
		catalog:         catalogv1.NewCatalogServiceClient(dial(*catalog)),
		pricing:         pricingv1.NewPricingServiceClient(dial(*pricing)),
		reviews:         reviewsv1.NewReviewServiceClient(dial(*reviews)),
		inventory:       inventoryv1.NewInventoryServiceClient(dial(*inventory)),
		sellers:         sellersv1.NewSellerServiceClient(dial(*sellers)),
		recommendations: recommendationsv1.NewRecommendationServiceClient(dial(*recommendations)),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/products/", g.product)
	mux.HandleFunc("/bench/pages/", g.page)
	mux.HandleFunc("/bench/chains/", g.chain)
	mux.HandleFunc("/bench/shelves/", g.shelf)
	log.Fatal(http.ListenAndServe(*listen, mux))
}
