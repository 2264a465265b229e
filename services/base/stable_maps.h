// Map fields that look the same every time.
#ifndef PORTICO_SERVICES_BASE_STABLE_MAPS_H_
#define PORTICO_SERVICES_BASE_STABLE_MAPS_H_

namespace shop {

// From now on this process writes the entries of map fields in the order of their keys. Otherwise the same message
// would have other bytes from call to call, and the same page another ETag.
void MakeMapsStable();

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_STABLE_MAPS_H_
