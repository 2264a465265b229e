'use strict';
// The gateway one writes by hand in Node: fastify in front, @grpc/grpc-js behind, a channel to each service, kept; a
// worker process for each processor. The calls of a page run at once.
const cluster = require('node:cluster');
const os = require('node:os');
const { parseArgs } = require('node:util');
const fastify = require('fastify');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const services = {
  catalog: 'CatalogService',
  pricing: 'PricingService',
  reviews: 'ReviewService',
  inventory: 'InventoryService',
  sellers: 'SellerService',
  recommendations: 'RecommendationService',
};

const options = { listen: { type: 'string' }, protos: { type: 'string' } };
for (const name of Object.keys(services)) options[name] = { type: 'string' };
const { values: flags } = parseArgs({ options });

if (cluster.isPrimary) {
  for (let i = 0; i < os.cpus().length; i++) cluster.fork();
  // One that dies is not started again: a benchmark wants to know.
  cluster.on('exit', () => process.exit(1));
  process.on('SIGTERM', () => process.exit(0));
} else {
  serve();
}

// A method as a function that answers a promise; every call has a deadline.
function callable(client, method) {
  return (request) => new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + 5000 }, (error, reply) => {
      if (error) reject(error);
      else resolve(reply);
    });
  });
}

// protobuf.js knows nothing of a Timestamp's JSON: seconds and nanos become one text, with as many digits as needed.
function timestamp({ seconds, nanos }) {
  const whole = new Date(Number(seconds ?? 0) * 1000).toISOString().slice(0, 19);
  if (!nanos) return whole + 'Z';
  const digits = String(nanos).padStart(9, '0');
  if (nanos % 1000000 === 0) return `${whole}.${digits.slice(0, 3)}Z`;
  if (nanos % 1000 === 0) return `${whole}.${digits.slice(0, 6)}Z`;
  return `${whole}.${digits}Z`;
}

function times(message) {
  if (message.createTime) message.createTime = timestamp(message.createTime);
  if (message.updateTime) message.updateTime = timestamp(message.updateTime);
  return message;
}

function sellerTimes(ranked) {
  if (ranked.seller) times(ranked.seller);
  return ranked;
}

// An optional part that fails is left out.
const optional = (part) => part.catch(() => undefined);

function serve() {
  const call = {};
  for (const [name, service] of Object.entries(services)) {
    const definition = loader.loadSync(`shop/${name}/v1/${name}.proto`, {
      includeDirs: [flags.protos], longs: String, enums: String,
    });
    const Client = grpc.loadPackageDefinition(definition).shop[name].v1[service];
    const client = new Client(flags[name], grpc.credentials.createInsecure());
    for (const method of Object.keys(Client.service)) call[method] = callable(client, method);
  }

  const statuses = { [grpc.status.NOT_FOUND]: 404, [grpc.status.INVALID_ARGUMENT]: 400,
    [grpc.status.UNAVAILABLE]: 503, [grpc.status.DEADLINE_EXCEEDED]: 504 };
  const app = fastify({ logger: false, bodyLimit: 4 << 20 });
  app.setErrorHandler((error, request, reply) => {
    reply.code(error.statusCode ?? statuses[error.code] ?? 500).send({ message: error.message });
  });

  app.get('/v1/products/:id', async (request) => times(await call.GetProduct({ productId: request.params.id })));
  app.get('/v1/products/:id/reviews', async (request) => {
    const reply = await call.ListReviews({
      productId: request.params.id,
      pageSize: Number(request.query.page_size ?? 0),
      pageToken: request.query.page_token ?? '',
    });
    reply.reviews?.forEach(times);
    return reply;
  });
  app.post('/v1/products/:id/reviews', async (request) =>
    times(await call.CreateReview({ productId: request.params.id, review: request.body })));
  app.get('/bench/pages/:id', async (request) => {
    const productId = request.params.id;
    const [product, price, reviews, stock, sellers] = await Promise.all([
      call.GetProduct({ productId }),
      optional(call.GetPrice({ productId })),
      optional(call.ListReviews({ productId, pageSize: 10 })),
      optional(call.GetStock({ productId })),
      optional(call.RankSellers({ productId })),
    ]);
    return {
      product: times(product),
      price: price && times(price),
      reviews: reviews?.reviews?.map(times),
      stock: stock && times(stock),
      sellers: sellers?.sellers?.map(sellerTimes),
    };
  });
  app.get('/bench/chains/:id', async (request) => {
    const product = await call.GetProduct({ productId: request.params.id });
    const stock = await call.GetStock({ productId: product.productId });
    return { product: times(product), stock: times(stock) };
  });
  app.get('/bench/shelves/:id', async (request) => {
    const { items = [] } = await call.ListAlsoBought({ productId: request.params.id, pageSize: 20 });
    const productIds = items.map((item) => item.productId);
    const [products, prices, stock] = await Promise.all([
      optional(call.BatchGetProducts({ productIds })),
      optional(call.BatchGetPrices({ productIds })),
      optional(call.BatchGetStock({ productIds })),
    ]);
    const byId = (list = []) => new Map(list.map((one) => [one.productId, one]));
    const [productOf, priceOf, stockOf] = [byId(products?.products), byId(prices?.prices), byId(stock?.stock)];
    // What is shown is less than the services answer.
    return {
      items: productIds.map((productId) => {
        const [product, price, stock] = [productOf.get(productId), priceOf.get(productId), stockOf.get(productId)];
        return {
          productId,
          product: product && { title: product.title, authors: product.authors, imageUrl: product.imageUrl },
          price: price && { price: price.price, discountPercent: price.discountPercent },
          stock: stock && { available: stock.available, availability: stock.availability },
        };
      }),
    };
  });

  const [host, port] = flags.listen.split(':');
  app.listen({ host, port: Number(port) });
}
