/** Where key managers and control planes keep what they know. */
import { section, text } from '../../platform/config/schema.ts';

export const storeOptions = section(
  'The store of key manager and control plane.',
  {
    url: text({
      default: '',
      secret: true,
      description:
        'A PostgreSQL database, `postgresql://user:password@host:5432/database`, for several nodes that share it; parameters as libpq has them (`?sslmode=verify-full&sslrootcert=FILE`). Every node needs the same `keys/store.key` and `certificates/` in its data folder. Empty = the file `postern.db` in the data folder, for one node.',
    }),
  },
  ({ url }) =>
    url === '' || /^postgres(?:ql)?:\/\//.test(url)
      ? undefined
      : 'url: expected postgresql://user:password@host:port/database, or nothing for the file in the data folder',
);
