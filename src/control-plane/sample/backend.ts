/** The sample API's back end, so that a first call is answered with nothing else installed. Orders live in memory. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { backendPath } from './pizzashack.ts';

const menu = [
  {
    name: 'BBQ Chicken Bacon',
    description: 'Grilled white chicken, hickory-smoked bacon and fresh sliced onions in barbeque sauce',
    price: '24.99',
    icon: '/images/6.png',
  },
  {
    name: 'Chicken Parmesan',
    description: 'Grilled chicken, fresh tomatoes, feta and mozzarella cheese',
    price: '11.99',
    icon: '/images/1.png',
  },
  {
    name: 'Hawaiian',
    description: 'Pineapple, ham and mozzarella on tomato sauce',
    price: '12.99',
    icon: '/images/2.png',
  },
  { name: 'Margherita', description: 'Tomato, mozzarella and basil', price: '9.99', icon: '/images/3.png' },
  {
    name: 'Shrimp Club',
    description: 'Grilled shrimp, smoked bacon, arugula and garlic sauce',
    price: '18.99',
    icon: '/images/4.png',
  },
];

/** Orders kept at most; the oldest goes first. */
const maxOrders = 1000;

interface Order {
  orderId: string;
  pizzaType: string;
  quantity: number;
  customerName: string;
  address: string;
  creditCardNumber: string;
  delivered: boolean;
}

const orderSchema = {
  type: 'object',
  required: ['pizzaType'],
  properties: {
    pizzaType: { type: 'string', minLength: 1, maxLength: 100 },
    quantity: { type: 'integer', minimum: 1, maximum: 100 },
    customerName: { type: 'string', maxLength: 200 },
    address: { type: 'string', maxLength: 500 },
    creditCardNumber: { type: 'string', maxLength: 30 },
  },
} as const;

type Body = Partial<Omit<Order, 'orderId' | 'delivered'>> & { pizzaType: string };

export function mountSampleBackend(app: FastifyInstance): void {
  const orders = new Map<string, Order>();
  const order = (orderId: string, body: Body): Order => ({
    orderId,
    pizzaType: body.pizzaType,
    quantity: body.quantity ?? 1,
    customerName: body.customerName ?? '',
    address: body.address ?? '',
    // A card number is nobody's to read again.
    creditCardNumber: body.creditCardNumber ? '****' : '',
    delivered: false,
  });
  const unknown = { code: 404, message: 'Not Found', description: 'There is no such order.' };

  app.get(`${backendPath}/menu`, async () => menu);

  app.post<{ Body: Body }>(`${backendPath}/order`, { schema: { body: orderSchema } }, async (request, reply) => {
    const made = order(randomUUID(), request.body);
    orders.set(made.orderId, made);
    if (orders.size > maxOrders) orders.delete(orders.keys().next().value as string);
    return reply.code(201).send(made);
  });

  const path = `${backendPath}/order/:orderId`;
  app.get<{ Params: { orderId: string } }>(path, async (request, reply) => {
    return orders.get(request.params.orderId) ?? reply.code(404).send(unknown);
  });

  app.put<{ Params: { orderId: string }; Body: Body }>(
    path,
    { schema: { body: orderSchema } },
    async (request, reply) => {
      const { orderId } = request.params;
      if (!orders.has(orderId)) return reply.code(404).send(unknown);
      const changed = order(orderId, request.body);
      orders.set(orderId, changed);
      return changed;
    },
  );

  app.delete<{ Params: { orderId: string } }>(path, async (request, reply) => {
    if (!orders.delete(request.params.orderId)) return reply.code(404).send(unknown);
    return reply.code(200).send();
  });
}
