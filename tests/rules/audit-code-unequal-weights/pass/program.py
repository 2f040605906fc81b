import flwr as fl
from flwr.server.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg


class Client(fl.client.NumPyClient):
    def fit(self, parameters, config):
        return train(self.data, parameters), 1, {}


strategy = DifferentialPrivacyServerSideFixedClipping(FedAvg(), 1.1, 0.5, 20)
